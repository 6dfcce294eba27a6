package pmkt

/*
#include <pmkt.h>

// Arrays come one by one and become structs here, as in intent.go.
static pmkt_status pmktgo_logistic_fit(int64_t rows, int32_t columns, const double *x, const uint8_t *y,
                                       const double *weight, const uint64_t *cluster,
                                       const pmkt_logistic_options *options, const pmkt_run *run,
                                       pmkt_logistic **model, pmkt_error *err) {
    const pmkt_logistic_data d = {sizeof d, columns, rows, x, y, weight, cluster};
    return pmkt_logistic_fit(&d, options, run, model, err);
}

static pmkt_status pmktgo_logistic_coefficients(const pmkt_logistic *model, double *coefficient,
                                                double *standard_error, double *mean,
                                                double *deviation, pmkt_error *err) {
    const pmkt_logistic_table out = {sizeof out, 0, coefficient, standard_error, mean, deviation};
    return pmkt_logistic_coefficients(model, &out, err);
}

#cgo nocallback pmktgo_logistic_fit
#cgo nocallback pmkt_logistic_retain
#cgo nocallback pmkt_logistic_release
#cgo noescape pmkt_logistic_predict
#cgo nocallback pmkt_logistic_predict
#cgo nocallback pmkt_logistic_info
#cgo nocallback pmktgo_logistic_coefficients
#cgo nocallback pmkt_logistic_save
#cgo nocallback pmkt_logistic_save_memory
#cgo nocallback pmkt_logistic_load
#cgo nocallback pmkt_logistic_load_memory
*/
import "C"

import (
	"context"
	"fmt"
	"unsafe"
)

// Calibration is how probabilities are mended after a fit.
type Calibration int32

// The calibrations.
const (
	CalibrationPlatt    Calibration = C.PMKT_CALIBRATION_PLATT    // a sigmoid; right for most
	CalibrationIsotonic Calibration = C.PMKT_CALIBRATION_ISOTONIC // any rising curve; for many rows
	CalibrationNone     Calibration = C.PMKT_CALIBRATION_NONE
)

// String is "platt", "isotonic" or "none".
func (c Calibration) String() string {
	switch c {
	case CalibrationPlatt:
		return "platt"
	case CalibrationIsotonic:
		return "isotonic"
	case CalibrationNone:
		return "none"
	}
	return fmt.Sprintf("calibration %d", int32(c))
}

// LogisticMaxColumns is how many columns a logistic model may have.
const LogisticMaxColumns = C.PMKT_LOGISTIC_MAX_COLUMNS

// LogisticData is what a logistic model is fitted to.
type LogisticData struct {
	Columns int
	X       []float64 // rows of so many columns, one after the other; finite
	Y       []bool    // of each row; both occur
	Weight  []float64 // of each row, 0 or more; nil: 1
	Cluster []uint64  // of each row: those that belong together, as of one user; nil: each alone
}

func (d *LogisticData) check() error {
	rows := len(d.Y)
	switch {
	case d.Columns < 1 || d.Columns > LogisticMaxColumns:
		return invalid("there are %d columns; expected 1 to %d", d.Columns, LogisticMaxColumns)
	case len(d.X) != rows*d.Columns:
		return invalid("X holds %d numbers; %d rows of %d columns are %d", len(d.X), rows, d.Columns,
			rows*d.Columns)
	case d.Weight != nil && len(d.Weight) != rows:
		return invalid("there are %d weights, and %d rows", len(d.Weight), rows)
	case d.Cluster != nil && len(d.Cluster) != rows:
		return invalid("there are %d entries in Cluster, and %d rows", len(d.Cluster), rows)
	}
	return nil
}

// LogisticOptions say how to fit; the zero value is the default of each.
type LogisticOptions struct {
	Calibration Calibration // CalibrationPlatt
	L2          float64     // 1: penalty of the standardized coefficients
	Folds       int         // 5: for calibration, 2 to 20
}

// Logistic is a fitted model of yes or no: logistic regression, calibrated, with standard errors. It never
// changes; any number of goroutines may ask it. The header logistic.h says more.
type Logistic struct {
	h    *handle
	info LogisticInfo
}

// LogisticInfo is what a logistic model is.
type LogisticInfo struct {
	Columns     int
	Rows        int64 // that it was fitted to
	Positives   int64 // of them, with Y true
	Clusters    int64 // different ones
	Calibration Calibration
	Steps       int // of Newton's method
	L2          float64
	LogLoss     float64 // weighted mean of the fit, without the penalty, in nats
	Gradient    float64 // its largest component at the end, a share of the weights' sum
	Slope       float64 // of Platt's sigmoid; else 1
	Shift       float64 // of it; else 0
	CurveSize   int64   // corners of the isotonic curve; else 0
}

func ownLogistic(at *C.pmkt_logistic, err error) (*Logistic, error) {
	if err != nil {
		return nil, err
	}
	m := &Logistic{}
	m.h = own(m, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_logistic_release((*C.pmkt_logistic)(p))
	})
	c := C.pmkt_logistic_facts{struct_size: C.sizeof_pmkt_logistic_facts}
	var e C.pmkt_error
	if err := failure(C.pmkt_logistic_info(at, &c, &e), &e); err != nil {
		m.h.close()
		return nil, err
	}
	m.info = LogisticInfo{
		Columns:     int(c.columns),
		Rows:        int64(c.rows),
		Positives:   int64(c.positives),
		Clusters:    int64(c.clusters),
		Calibration: Calibration(c.calibration),
		Steps:       int(c.steps),
		L2:          float64(c.l2),
		LogLoss:     float64(c.log_loss),
		Gradient:    float64(c.gradient),
		Slope:       float64(c.slope),
		Shift:       float64(c.shift),
		CurveSize:   int64(c.curve_size),
	}
	return m, nil
}

// truths are bools as C reads them.
func truths(y []bool) []uint8 {
	out := make([]uint8, len(y))
	for i, yes := range y {
		out[i] = uint8(boolean(yes))
	}
	return out
}

// FitLogistic is a model of some rows.
func FitLogistic(
	ctx context.Context, rows LogisticData, fit LogisticOptions, options ...Option,
) (*Logistic, error) {
	if err := rows.check(); err != nil {
		return nil, err
	}
	folds, err := narrow("Folds", fit.Folds)
	if err != nil {
		return nil, err
	}
	c := &C.pmkt_logistic_options{
		struct_size: C.sizeof_pmkt_logistic_options,
		calibration: C.int32_t(fit.Calibration),
		l2:          C.double(fit.L2),
		folds:       folds,
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_logistic
	var e C.pmkt_error
	status := C.pmktgo_logistic_fit(C.int64_t(len(rows.Y)), C.int32_t(rows.Columns),
		data[C.double](rows.X), data[C.uint8_t](truths(rows.Y)), data[C.double](rows.Weight),
		data[C.uint64_t](rows.Cluster), c, run.run, &at, &e)
	return ownLogistic(at, run.finish(status, &e))
}

// enter begins a call; h.leave ends it.
func (m *Logistic) enter() (*C.pmkt_logistic, error) {
	if m == nil || !m.h.enter() {
		return nil, closed("the model")
	}
	return (*C.pmkt_logistic)(m.h.at), nil
}

// call runs something long on the model.
func (m *Logistic) call(
	ctx context.Context, options []Option,
	fn func(*C.pmkt_logistic, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	at, err := m.enter()
	if err != nil {
		return err
	}
	defer m.h.leave()
	run, err := start(ctx, options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	return run.finish(fn(at, run.run, &e), &e)
}

// Close frees the model, or lets the last call under way do so. It returns nil.
func (m *Logistic) Close() error {
	if m != nil {
		m.h.close()
	}
	return nil
}

// Info says what the model is, also after Close.
func (m *Logistic) Info() LogisticInfo { return m.info }

// Predict writes the probability of each row of x, one row after the other, to p, whose length is the
// number of rows. A row with a number that is not finite has NaN. For one row it allocates nothing.
func (m *Logistic) Predict(ctx context.Context, x, p []float64, options ...Option) error {
	at, err := m.enter()
	if err != nil {
		return err
	}
	defer m.h.leave()
	if len(x) != len(p)*m.info.Columns {
		return invalid("x holds %d numbers, and there is room for %d rows of %d columns", len(x), len(p),
			m.info.Columns)
	}
	var e C.pmkt_error
	if len(p) == 1 && len(options) == 0 {
		if err := canceled(ctx); err != nil {
			return err
		}
		return failure(C.pmkt_logistic_predict(at, data[C.double](x), 1, nil, data[C.double](p), &e), &e)
	}
	run, err := start(ctx, options)
	if err != nil {
		return err
	}
	status := C.pmkt_logistic_predict(at, data[C.double](x), C.int64_t(len(p)), run.run,
		data[C.double](p), &e)
	return run.finish(status, &e)
}

// LogisticCoefficient is what a model has learned of a column.
type LogisticCoefficient struct {
	Coefficient   float64 // log-odds a unit of the column, before calibration
	StandardError float64 // of it, clustered
	Mean          float64 // of the column; 0 of the intercept
	Deviation     float64 // standard deviation of the column; 0 of the intercept
}

// Coefficients are those of the columns, and last the intercept.
func (m *Logistic) Coefficients() ([]LogisticCoefficient, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	n := m.info.Columns + 1
	all := make([]float64, 4*n)
	beta, deviations, mean, scale := all[:n], all[n:2*n], all[2*n:3*n], all[3*n:]
	var e C.pmkt_error
	status := C.pmktgo_logistic_coefficients(at, data[C.double](beta), data[C.double](deviations),
		data[C.double](mean), data[C.double](scale), &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	rows := make([]LogisticCoefficient, n)
	for i := range rows {
		rows[i] = LogisticCoefficient{beta[i], deviations[i], mean[i], scale[i]}
	}
	return rows, nil
}

// Save writes the model to a file, in one step: a reader sees the old file or the new one.
func (m *Logistic) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
	c, err := save.toC()
	if err != nil {
		return err
	}
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return m.call(ctx, options,
		func(at *C.pmkt_logistic, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_logistic_save(at, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message.
func (m *Logistic) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, m.call(ctx, options,
		func(at *C.pmkt_logistic, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_logistic_save_memory(at, c, run, &buffer, e)
		}))
}

// LoadLogistic reads a model from a file and verifies every checksum.
func LoadLogistic(
	ctx context.Context, path string, load LoadOptions, options ...Option,
) (*Logistic, error) {
	var at *C.pmkt_logistic
	err := withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_logistic_load(name, load.toC(), run, &at, e)
		})
	return ownLogistic(at, err)
}

// LoadLogisticBytes is the same of bytes, which are not kept.
func LoadLogisticBytes(
	ctx context.Context, bytes []byte, load LoadOptions, options ...Option,
) (*Logistic, error) {
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_logistic
	var e C.pmkt_error
	status := C.pmkt_logistic_load_memory(address(bytes), C.size_t(len(bytes)), load.toC(), run.run, &at, &e)
	return ownLogistic(at, run.finish(status, &e))
}
