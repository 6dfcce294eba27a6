package pmkt

/*
#include <pmkt.h>

// Arrays come one by one and become structs here, as in intent.go.
static pmkt_status pmktgo_binary_evaluate(const uint8_t *y, const double *p, int64_t n, int32_t bins,
                                          const uint64_t *cluster, const double *rival,
                                          int32_t resamples, double level, uint64_t seed,
                                          const pmkt_run *run, pmkt_binary_result *out,
                                          pmkt_error *err) {
    pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
    o.bins = bins;
    o.cluster = cluster;
    o.rival = rival;
    o.resamples = resamples;
    o.level = level;
    o.seed = seed;
    return pmkt_binary_evaluate(y, p, n, &o, run, out, err);
}

static pmkt_status pmktgo_binary_reliability(const uint8_t *y, const double *p, int64_t n, int32_t bins,
                                             double *predicted, double *observed, double *low,
                                             double *high, int64_t *count, pmkt_error *err) {
    const pmkt_binary_diagram out = {sizeof out, bins, predicted, observed, low, high, count};
    return pmkt_binary_reliability(y, p, n, NULL, &out, err);
}

#cgo nocallback pmktgo_binary_evaluate
#cgo nocallback pmktgo_binary_reliability
*/
import "C"

import "context"

// BinaryOptions say how to judge probabilities; the zero value is the default of each.
type BinaryOptions struct {
	Bins      int       // 10: of the calibration errors, 2 to 1,000
	Cluster   []uint64  // rows that are resampled together, as of one user; nil: each alone
	Rival     []float64 // probabilities of another model; nil: none
	Resamples int       // 0: no intervals
	Level     float64   // 0.95: of the intervals
	Seed      uint64
}

// BinaryFigure is a figure, and where it lies: NaN without resamples.
type BinaryFigure struct{ Value, Low, High float64 }

// BinaryResult is how good probabilities are; binary.h defines the figures. One that cannot be told is NaN,
// as are those of the rival if there is none. Gains are above 0 where the model is better, of losses too.
type BinaryResult struct {
	Rows, Positives, Clusters                   int64
	AUC, AP, Brier, LogLoss, ECE, ECEDebiased   BinaryFigure
	RivalAUC, RivalAP, RivalBrier, RivalLogLoss BinaryFigure
	AUCGain, APGain, BrierGain, LogLossGain     BinaryFigure
}

func figure(c C.pmkt_binary_figure) BinaryFigure {
	return BinaryFigure{float64(c.value), float64(c.low), float64(c.high)}
}

// BinaryMetrics judges the probabilities p of outcomes y.
func BinaryMetrics(
	ctx context.Context, y []bool, p []float64, judge BinaryOptions, options ...Option,
) (BinaryResult, error) {
	n := len(y)
	switch {
	case len(p) != n:
		return BinaryResult{}, invalid("there are %d probabilities, and %d outcomes", len(p), n)
	case judge.Cluster != nil && len(judge.Cluster) != n:
		return BinaryResult{}, invalid("there are %d entries in Cluster, and %d outcomes",
			len(judge.Cluster), n)
	case judge.Rival != nil && len(judge.Rival) != n:
		return BinaryResult{}, invalid("there are %d entries in Rival, and %d outcomes",
			len(judge.Rival), n)
	}
	bins, err := narrow("Bins", judge.Bins)
	if err != nil {
		return BinaryResult{}, err
	}
	resamples, err := narrow("Resamples", judge.Resamples)
	if err != nil {
		return BinaryResult{}, err
	}
	run, err := start(ctx, options)
	if err != nil {
		return BinaryResult{}, err
	}
	c := C.pmkt_binary_result{struct_size: C.sizeof_pmkt_binary_result}
	var e C.pmkt_error
	status := C.pmktgo_binary_evaluate(data[C.uint8_t](truths(y)), data[C.double](p), C.int64_t(n), bins,
		data[C.uint64_t](judge.Cluster), data[C.double](judge.Rival), resamples,
		C.double(judge.Level), C.uint64_t(judge.Seed), run.run, &c, &e)
	if err := run.finish(status, &e); err != nil {
		return BinaryResult{}, err
	}
	return BinaryResult{
		Rows: int64(c.rows), Positives: int64(c.positives), Clusters: int64(c.clusters),
		AUC: figure(c.auc), AP: figure(c.ap), Brier: figure(c.brier), LogLoss: figure(c.log_loss),
		ECE: figure(c.ece), ECEDebiased: figure(c.ece_debiased),
		RivalAUC: figure(c.rival_auc), RivalAP: figure(c.rival_ap), RivalBrier: figure(c.rival_brier),
		RivalLogLoss: figure(c.rival_log_loss),
		AUCGain:      figure(c.auc_gain), APGain: figure(c.ap_gain), BrierGain: figure(c.brier_gain),
		LogLossGain: figure(c.log_loss_gain),
	}, nil
}

// ReliabilityBin is a row of a reliability diagram. The figures of one without rows are NaN.
type ReliabilityBin struct {
	Predicted float64 // mean probability
	Observed  float64 // share of yes
	Low, High float64 // Wilson's 95 % interval of that share
	N         int64   // rows
}

// Reliability is the reliability diagram of probabilities p of outcomes y: rows in order of p, in bins of
// equal count, 1 to 1,000.
func Reliability(y []bool, p []float64, bins int) ([]ReliabilityBin, error) {
	if len(p) != len(y) {
		return nil, invalid("there are %d probabilities, and %d outcomes", len(p), len(y))
	}
	if bins < 1 || bins > 1000 {
		return nil, invalid("there are %d bins; expected 1 to 1,000", bins)
	}
	all, n := make([]float64, 4*bins), make([]int64, bins)
	predicted, observed, low, high := all[:bins], all[bins:2*bins], all[2*bins:3*bins], all[3*bins:]
	var e C.pmkt_error
	status := C.pmktgo_binary_reliability(data[C.uint8_t](truths(y)), data[C.double](p),
		C.int64_t(len(p)), C.int32_t(bins), data[C.double](predicted), data[C.double](observed),
		data[C.double](low), data[C.double](high), data[C.int64_t](n), &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	rows := make([]ReliabilityBin, bins)
	for i := range rows {
		rows[i] = ReliabilityBin{predicted[i], observed[i], low[i], high[i], n[i]}
	}
	return rows, nil
}
