package results

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"nas/space"
)

// Agreement sums up how predicted and measured latencies of whole models agree.
// Shares and errors are per cent; an error is predicted / measured - 1.
type Agreement struct {
	Models     int     `json:"models"`
	MAPE       float64 `json:"mape"`
	Worst      float64 `json:"worst"`
	Bias       float64 `json:"bias"`
	Within5    float64 `json:"within5"`
	Within10   float64 `json:"within10"`
	Tau        float64 `json:"tau"`
	Pairs      int     `json:"pairs"`
	Misordered int     `json:"misordered"`
	Coverage90 float64 `json:"coverage90"`
	Unsure     int     `json:"unsure"`
	Drift      float64 `json:"drift"`
}

// Validation is an agreement with its models and what it holds for.
type Validation struct {
	Agreement
	Conditions ValidationConditions `json:"conditions"`
	Runs       []ValidationRun      `json:"runs"` // smallest first
}

// ValidationConditions are what a validation holds for.
type ValidationConditions struct {
	Tool      string         `json:"tool"`
	Space     string         `json:"space"`
	Workload  space.Workload `json:"workload"`
	Device    string         `json:"device"`
	Level     string         `json:"level"`
	Threads   int            `json:"threads"`
	TableDate string         `json:"table_date"`
	Seed      uint64         `json:"seed"`
	Busy      float64        `json:"busy"` // median over floor of the runs
}

// ValidationRun is one model, times in ns.
type ValidationRun struct {
	Arch      space.Arch `json:"arch"`
	Streamed  int        `json:"streamed_bytes"`
	Predicted float64    `json:"predicted_ns"`
	Low       float64    `json:"predicted_ns_low"` // 90 %
	High      float64    `json:"predicted_ns_high"`
	Measured  float64    `json:"measured_ns"`
	Median    float64    `json:"measured_median_ns"`
	Rounds    int        `json:"rounds"`
	Confirmed int        `json:"rounds_at_floor"`
}

// Error is predicted / measured - 1.
func (r *ValidationRun) Error() float64 { return r.Predicted/r.Measured - 1 }

// WriteValidation writes v as table, md or json.
func WriteValidation(w io.Writer, format string, v *Validation) error {
	switch format {
	case "table":
		return v.sheet().writeTerminal(w)
	case "md":
		return v.sheet().writeMarkdown(w)
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		return encoder.Encode(v)
	}
	return fmt.Errorf("results: format %.20q: validations are written as table, md or json", format)
}

func (v *Validation) sheet() sheet {
	longest := 0.0
	for _, r := range v.Runs {
		longest = max(longest, r.Measured)
	}
	unit := fit(timeScales, longest)
	var g grid
	for i := range v.Runs {
		r := &v.Runs[i]
		g.row()
		g.number("measured "+unit.name, unit.fixed(r.Measured))
		g.number("predicted "+unit.name, unit.fixed(r.Predicted))
		g.number("90 % "+unit.name, unit.fixed(r.Low)+"–"+unit.fixed(r.High))
		g.number("error", fmt.Sprintf("%+.1f %%", 100*r.Error()))
		g.number("median "+unit.name, unit.fixed(r.Median))
		g.number("rounds at floor", fmt.Sprintf("%d of %d", r.Confirmed, r.Rounds))
		g.number("weights", Bytes(int64(r.Streamed)))
		c := Candidate{Arch: r.Arch}
		g.architecture(&c)
	}
	c := v.Conditions
	return sheet{
		above: []string{
			fmt.Sprintf("space    %s, %v", c.Space, c.Workload),
			fmt.Sprintf("device   %s, kernel level %s, %s; table of %s", c.Device, c.Level, Counted(c.Threads, "thread"), c.TableDate),
		},
		grids: []grid{g},
		below: append(v.words(), "measured   the whole model ran, undisturbed: the lowest level that was reached within 1 % in so many rounds; median: what the machine gave"),
	}
}

// words are the figures for people.
func (v *Validation) words() []string {
	than := "more"
	if v.Drift < 0 {
		than = "less"
	}
	list := []string{
		fmt.Sprintf("error      %.2f %% in the mean (MAPE), %+.2f %% in the median, %+.2f %% at worst, over %d models", v.MAPE, v.Bias, v.Worst, v.Models),
		fmt.Sprintf("within     ±5 %%: %.4g %% of the models; ±10 %%: %.4g %%", v.Within5, v.Within10),
		fmt.Sprintf("order      Kendall tau %.4f; of %d pairs %d in the wrong order although their intervals do not overlap", v.Tau, v.Pairs, v.Misordered),
		fmt.Sprintf("coverage   %.4g %% of the measured latencies lie in the predicted 90 %% interval", v.Coverage90),
		fmt.Sprintf("machine    models of the table took %.1f %% %s time than when it was measured, which is taken into account; half of the runs took %.0f %% or more above the undisturbed time", 100*math.Abs(v.Drift), than, 100*(v.Conditions.Busy-1)),
	}
	if v.Unsure > 0 {
		list = append(list, fmt.Sprintf("warning    the floors of %d models were not confirmed to 1 %%: the machine is busy, or needs more --time", v.Unsure))
	}
	return list
}
