package nn

import (
	"fmt"
	"slices"
	"strings"

	"nas/internal/huge"
	"nas/internal/safetensors"
	"nas/space"
)

// Weights are the parameters of n by the names that Hugging Face's models have:
// Llama's for a decoder, BERT's for an encoder.
//
//	model.embed_tokens                              bert.embeddings.word_embeddings
//	model.embed_positions                           bert.embeddings.position_embeddings, token_type_embeddings
//	                                                bert.embeddings.LayerNorm
//	model.project_in                                bert.embeddings_project
//	model.layers.I.input_layernorm                  bert.encoder.layer.I.attention.output.LayerNorm
//	model.layers.I.self_attn.q_proj, k_, v_, o_     bert.encoder.layer.I.attention.self.query, key, value, attention.output.dense
//	model.layers.I.post_attention_layernorm         bert.encoder.layer.I.output.LayerNorm
//	model.layers.I.mlp.gate_proj, up_proj, down_    bert.encoder.layer.I.intermediate.dense, output.dense
//	model.norm
//	model.project_out                               cls.predictions.transform.dense
//	lm_head
//
// A head that is tied to the embedding has no tensor, as there: model.embed_tokens or
// word_embeddings are it. An embedding of its own width has a projection to hidden
// width and one back before a tied head, called as OPT and ELECTRA call theirs. What
// Llama lacks is called alike: biases NAME.bias, learned positions as in OPT. A gated
// encoder has intermediate.gate. Matrices are [out][in], heads of queries and keys
// rotate halves (i, i+D/2), norms add 1e-5.
func (m *Model[F]) Weights(n *Net) map[string]safetensors.Tensor {
	source, names, list := m.Source(n), publicNames(n.Family), map[string]safetensors.Tensor{}
	for _, t := range layout(n.Arch, false) {
		values := make([]float32, t.Size())
		source.Tensor(t.Name, values)
		list[names.Replace(t.Name)] = safetensors.Tensor{Shape: t.shape(), Values: values}
	}
	return list
}

// shape is that of the public tensor.
func (t Tensor) shape() []int64 {
	if !t.Decay {
		return []int64{int64(t.Columns)}
	}
	return []int64{int64(t.Rows), int64(t.Columns)}
}

// ReadWeights makes the model of a from a file whose tensors are named as Weights
// says; the first part of names, bert. or model., may be missing, and norms may be
// called gamma and beta. Unused are tensors that a has no place for.
func ReadWeights(a space.Arch, f *safetensors.File) (m *Model[float32], unused []string, err error) {
	if err := a.Validate(); err != nil {
		return nil, nil, err
	}
	tensors, names := layout(a, false), publicNames(a.Family)
	used := map[string]bool{}
	for _, t := range tensors { // before anything of that size is allocated
		name, shape := find(f, names.Replace(t.Name))
		if shape == nil {
			return nil, nil, fmt.Errorf("nn: there is no tensor %s %v, which %v has", name, t.shape(), a)
		}
		if !slices.Equal(shape, t.shape()) {
			return nil, nil, fmt.Errorf("nn: %s is %v; in %v it is %v", name, shape, a, t.shape())
		}
		used[name] = true
	}
	last := tensors[len(tensors)-1]
	m = &Model[float32]{Arch: a, Tensors: tensors, Params: huge.Make[float32](last.Offset + last.Size())}
	for _, t := range tensors {
		name, _ := find(f, names.Replace(t.Name))
		if err := f.Float32(name, m.Params[t.Offset:][:t.Size()]); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range f.Names() {
		if !used[name] {
			unused = append(unused, name)
		}
	}
	return m, unused, nil
}

// find is the tensor of that name in one of its spellings; without one the shape is
// nil.
func find(f *safetensors.File, name string) (string, []int64) {
	older := strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta")
	short := strings.TrimPrefix(strings.TrimPrefix(name, "model."), "bert.")
	for _, n := range []string{name, short, older.Replace(name), older.Replace(short)} {
		if shape, ok := f.Shape(n); ok {
			return n, shape
		}
	}
	return name, nil
}

// publicNames turns names of tensors into those of Hugging Face's models.
func publicNames(f space.Family) *strings.Replacer {
	if f == space.Decoder {
		return strings.NewReplacer("embeddings.word", "model.embed_tokens", "embeddings.position", "model.embed_positions",
			"embeddings.projection", "model.project_in", "head.projection", "model.project_out", "head.weight", "lm_head.weight", "final.norm", "model.norm",
			"layers.", "model.layers.", "attention.norm", "input_layernorm", "ffn.norm", "post_attention_layernorm",
			"attention.query", "self_attn.q_proj", "attention.key", "self_attn.k_proj", "attention.value", "self_attn.v_proj", "attention.output", "self_attn.o_proj",
			"ffn.gate", "mlp.gate_proj", "ffn.up", "mlp.up_proj", "ffn.down", "mlp.down_proj")
	}
	return strings.NewReplacer("embeddings.word", "bert.embeddings.word_embeddings", "embeddings.position", "bert.embeddings.position_embeddings",
		"embeddings.segment", "bert.embeddings.token_type_embeddings", "embeddings.norm", "bert.embeddings.LayerNorm",
		"embeddings.projection", "bert.embeddings_project", "head.projection", "cls.predictions.transform.dense",
		"layers.", "bert.encoder.layer.", "attention.norm", "attention.output.LayerNorm", "ffn.norm", "output.LayerNorm",
		"attention.query", "attention.self.query", "attention.key", "attention.self.key", "attention.value", "attention.self.value", "attention.output", "attention.output.dense",
		"ffn.gate", "intermediate.gate", "ffn.up", "intermediate.dense", "ffn.down", "output.dense")
}
