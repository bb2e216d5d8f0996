package evaluator

import (
	"math"
	"math/rand/v2"
	"testing"

	"nas/space"
)

// With the scores of 60 models known, the surrogate orders the 140 others within
// 10 % of each other's size far better than size does (.158).
func TestSurrogateOfPublishedTruth(t *testing.T) {
	j := NewJudge(published(t, "random_GPT2_wt103"))
	splits := 40
	if testing.Short() {
		splits = 10
	}
	r, err := j.HoldOut(60, splits, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := r.Bands[1]
	t.Logf("60 known, %d splits: tau %.3f, within 10 %% %.3f [%.3f, %.3f] of %d pairs", splits, r.Tau, b.Concordance, b.Low, b.High, b.Pairs)
	if b.Width != .10 || b.By != ByNonEmbedding || b.Concordance < .40 {
		t.Errorf("%+v", b)
	}
}

// law is a score that a surrogate should learn: a power of size, and more for depth.
func law(a space.Arch) float64 {
	p := space.CountParams(a)
	return -10*math.Pow(float64(p.NonEmbedding()), -.1) + .1*math.Log(float64(len(a.Layers)))
}

func sample(t *testing.T, n int, seed uint64) (archs []space.Arch, scores []float64) {
	t.Helper()
	s, err := space.Load("decoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		a := s.Arch(s.Sample(r))
		archs, scores = append(archs, a), append(scores, law(a))
	}
	return archs, scores
}

func TestSurrogateLearnsALaw(t *testing.T) {
	known, scores := sample(t, 60, 1)
	s, err := FitSurrogate(known, scores)
	if err != nil {
		t.Fatal(err)
	}
	others, truth := sample(t, 200, 2)
	var residual, spread, covered float64
	for i, a := range others {
		mean, deviation := s.Predict(a)
		residual += (mean - truth[i]) * (mean - truth[i])
		spread += (truth[i] - s.mean) * (truth[i] - s.mean)
		if math.Abs(mean-truth[i]) < 2*deviation+2*s.spread*math.Sqrt(s.kernel.noise) {
			covered++
		}
	}
	if share := residual / spread; share > .02 {
		t.Errorf("%.3f of the variance is left", share)
	}
	if covered < 170 {
		t.Errorf("%v of 200 within two deviations", covered)
	}
	// It is surest where it was told.
	_, near := s.Predict(known[0])
	far := known[0]
	far.Hidden, far.Embedding = 2*far.Hidden, 2*far.Embedding
	if _, d := s.Predict(far); d < 2*near {
		t.Errorf("deviation %v at a known shape, %v far from all", near, d)
	}
	again, err := FitSurrogate(known, scores)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := s.Predict(others[0])
	if b, _ := again.Predict(others[0]); a != b {
		t.Errorf("%v, then %v", a, b)
	}
}

func TestSurrogateFaults(t *testing.T) {
	archs, scores := sample(t, 20, 1)
	if _, err := FitSurrogate(archs[:7], scores[:7]); err == nil {
		t.Error("seven scores are enough")
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		bad := append([]float64{v}, scores[1:]...)
		if _, err := FitSurrogate(archs, bad); err == nil {
			t.Errorf("%v is a score", v)
		}
	}
	// Scores and shapes that do not vary are no fault.
	for i := range archs {
		archs[i], scores[i] = archs[0], 3
	}
	s, err := FitSurrogate(archs, scores)
	if err != nil {
		t.Fatal(err)
	}
	if mean, d := s.Predict(archs[0]); math.Abs(mean-3) > 1e-9 || math.IsNaN(d) {
		t.Errorf("%v ± %v", mean, d)
	}
}

func BenchmarkSurrogatePredict(b *testing.B) {
	s, err := space.Load("decoder-compact")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 0))
	var archs []space.Arch
	var scores []float64
	for range 100 {
		a := s.Arch(s.Sample(r))
		archs, scores = append(archs, a), append(scores, law(a))
	}
	g, err := FitSurrogate(archs, scores)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		g.Predict(archs[3])
	}
}
