package space

// Space is a set of architectures: one Model and the choices of each gene. Every
// combination of choices is a valid Arch.
type Space struct {
	Name      string
	Model     Model
	Workload  Workload // what the space is meant for, unless the user says otherwise
	Embedding []int    // E; empty: E = C, not factorised
	Hidden    []int    // C
	Depth     []int    // numbers of layers
	Heads     Gene
	HeadWidth Gene // no choices: C / heads
	KVHeads   Gene // no choices: as many as heads
	FFN       Gene
}

// Gene is a property of a layer: its choices in rising order, and whether every
// layer chooses for itself or all choose alike.
type Gene struct {
	Choices  []int
	PerLayer bool
}
