package space

// Reference is a hand-designed model, for comparison.
type Reference struct {
	Name   string
	Arch   Arch
	Source string
	Params int64 // as published, 0 where no exact figure is
}

// References are the hand-designed models of a family, smallest first.
func References(f Family) []Reference {
	if f == Encoder {
		return encoders()
	}
	return decoders()
}

func encoders() []Reference {
	bert := Model{Family: Encoder, Vocabulary: 30522, Positions: 512, Segments: 2, Activation: GELU, Bias: true, Head: Pooler}
	const (
		turc = "Turc et al. 2019, Well-Read Students Learn Better, table 1"
		tiny = "Jiao et al. 2020, TinyBERT, section 4.2"
	)
	return []Reference{
		{Name: "BERT-tiny", Arch: uniform(bert, 128, 2, Layer{2, 64, 2, 512}), Source: turc},
		{Name: "BERT-mini", Arch: uniform(bert, 256, 4, Layer{4, 64, 4, 1024}), Source: turc},
		{Name: "TinyBERT-4", Arch: uniform(bert, 312, 4, Layer{12, 26, 12, 1200}), Source: tiny},
		{Name: "BERT-small", Arch: uniform(bert, 512, 4, Layer{8, 64, 8, 2048}), Source: turc},
		{Name: "BERT-medium", Arch: uniform(bert, 512, 8, Layer{8, 64, 8, 2048}), Source: turc},
		{Name: "TinyBERT-6", Arch: uniform(bert, 768, 6, Layer{12, 64, 12, 3072}), Source: tiny},
		{Name: "BERT-base", Arch: uniform(bert, 768, 12, Layer{12, 64, 12, 3072}), Source: "Devlin et al. 2019, BERT, section 3", Params: 109482240},
	}
}

func decoders() []Reference {
	llama := Model{Family: Decoder, Vocabulary: 32000, Positions: 256, Position: Rotary, Norm: RMSNorm, Activation: SiLU, Gated: true, Head: Tied}
	stories42 := llama
	stories42.Positions = 1024
	smol := llama
	smol.Vocabulary, smol.Positions = 49152, 2048
	gpt2 := Model{Family: Decoder, Vocabulary: 50257, Positions: 1024, Activation: GELU, Bias: true, Head: Tied}
	const karpathy = "Karpathy 2023, llama2.c, README"
	return []Reference{
		{Name: "stories15M", Arch: uniform(llama, 288, 6, Layer{6, 48, 6, 768}), Source: karpathy, Params: 15191712},
		{Name: "stories42M", Arch: uniform(stories42, 512, 8, Layer{8, 64, 8, 1376}), Source: karpathy, Params: 41689600},
		{Name: "GPT-2 small", Arch: uniform(gpt2, 768, 12, Layer{12, 64, 12, 3072}), Source: "Radford et al. 2019, GPT-2, section 2.3", Params: 124439808},
		{Name: "SmolLM-135M", Arch: uniform(smol, 576, 30, Layer{9, 64, 3, 1536}), Source: "Allal et al. 2024, SmolLM, model card", Params: 134515008},
	}
}

// uniform is an architecture of equal layers with the embedding as wide as hidden.
func uniform(m Model, hidden, layers int, l Layer) Arch {
	a := Arch{Model: m, Embedding: hidden, Hidden: hidden, Layers: make([]Layer, layers)}
	for i := range a.Layers {
		a.Layers[i] = l
	}
	return a
}
