package pmkt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

// coins are rows of two columns, of which the first says more of the outcome.
func coins(n int) LogisticData {
	random := rand.New(rand.NewPCG(3, 4))
	d := LogisticData{Columns: 2}
	for i := range n {
		a, b := random.NormFloat64(), 5*random.NormFloat64()+2
		d.X = append(d.X, a, b)
		d.Y = append(d.Y, random.Float64() < 1/(1+math.Exp(-(1.5*a-0.1*b+0.3))))
		d.Weight = append(d.Weight, 1)
		d.Cluster = append(d.Cluster, uint64(i/3+1))
	}
	return d
}

func TestLogisticIsAtItsMinimum(t *testing.T) {
	rows := coins(3000)
	m := must(FitLogistic(background, rows, LogisticOptions{Calibration: CalibrationNone, L2: 2}))
	defer m.Close()
	info, n := m.Info(), len(rows.Y)
	if info.Columns != 2 || info.Rows != 3000 || info.Clusters != 1000 || info.L2 != 2 || info.Gradient > 1e-9 {
		t.Errorf("got %+v", info)
	}
	p := make([]float64, n)
	check(t, m.Predict(background, rows.X, p, WithThreads(2)))
	beta := must(m.Coefficients())
	equal(t, "coefficients", len(beta), 3)
	var slope [3]float64 // of the loss, by column
	loss := 0.0
	for i, yes := range rows.Y {
		x := rows.X[2*i : 2*i+2]
		z := beta[0].Coefficient*x[0] + beta[1].Coefficient*x[1] + beta[2].Coefficient
		if math.Abs(p[i]-1/(1+math.Exp(-z))) > 1e-12 {
			t.Fatalf("row %d: %v", i, p[i])
		}
		y := float64(boolean(yes))
		for j := range 2 {
			slope[j] += (p[i] - y) * (x[j] - beta[j].Mean) / beta[j].Deviation
		}
		slope[2] += p[i] - y
		loss -= y*math.Log(p[i]) + (1-y)*math.Log(1-p[i])
	}
	for j := range 2 {
		slope[j] += 2 * beta[j].Coefficient * beta[j].Deviation // of the penalty
	}
	for j, g := range slope {
		if math.Abs(g) > 1e-5 {
			t.Errorf("the gradient of column %d is %v", j, g)
		}
	}
	if math.Abs(loss/float64(n)-info.LogLoss) > 1e-12 || math.Abs(beta[0].Coefficient-1.5) > 0.2 {
		t.Errorf("got %v, %+v", loss/float64(n), beta)
	}
	if se := beta[0].StandardError; se < 0.02 || se > 0.2 {
		t.Errorf("the error is %v", se)
	}
}

func TestLogisticIsCalibrated(t *testing.T) {
	rows := coins(2000)
	for _, way := range []Calibration{CalibrationPlatt, CalibrationIsotonic} {
		m := must(FitLogistic(background, rows, LogisticOptions{Calibration: way, Folds: 3}))
		info := m.Info()
		if info.Calibration != way || (info.Slope != 1) != (way == CalibrationPlatt) ||
			(info.CurveSize > 0) != (way == CalibrationIsotonic) {
			t.Errorf("got %+v", info)
		}
		p := make([]float64, len(rows.Y))
		check(t, m.Predict(background, rows.X, p))
		judged := must(BinaryMetrics(background, rows.Y, p, BinaryOptions{}))
		if judged.AUC.Value < 0.75 || judged.ECEDebiased.Value > 0.02 || !math.IsNaN(judged.AUC.Low) {
			t.Errorf("%v: %+v", way, judged)
		}
		check(t, m.Close())
	}
	equal(t, "names", fmt.Sprint(CalibrationPlatt, CalibrationIsotonic, CalibrationNone, Calibration(9)),
		"platt isotonic none calibration 9")
}

func TestPredictingOneRowAllocatesNothing(t *testing.T) {
	m := must(FitLogistic(background, coins(100), LogisticOptions{}))
	defer m.Close()
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	ofContext := testing.AllocsPerRun(200, func() { _ = ctx.Err() })
	x, p := []float64{1, 2}, make([]float64, 1)
	equal(t, "allocations", testing.AllocsPerRun(200, func() { check(t, m.Predict(ctx, x, p)) }), ofContext)
	if !(p[0] > 0 && p[0] < 1) {
		t.Errorf("got %v", p)
	}
	x[1] = math.NaN()
	check(t, m.Predict(ctx, x, p))
	if !math.IsNaN(p[0]) {
		t.Errorf("got %v", p)
	}
}

func TestBinaryMetrics(t *testing.T) {
	y, p := []bool{false, true, true, false}, []float64{0.1, 0.8, 0.6, 0.7}
	rival := []float64{0.5, 0.5, 0.5, 0.5}
	got := must(BinaryMetrics(background, y, p, BinaryOptions{Rival: rival, Resamples: 200, Seed: 1}))
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, and not %v", what, got, want)
		}
	}
	equal(t, "rows", got.Rows, int64(4))
	equal(t, "positives", got.Positives, int64(2))
	near("auc", got.AUC.Value, 0.75)
	near("ap", got.AP.Value, (1+2.0/3)/2)
	near("brier", got.Brier.Value, (0.01+0.04+0.16+0.49)/4)
	near("the rival's auc", got.RivalAUC.Value, 0.5)
	near("gain", got.AUCGain.Value, 0.25)
	near("gain of brier", got.BrierGain.Value, 0.25-got.Brier.Value)
	if !(got.AUC.Low <= got.AUC.High) || math.IsNaN(got.AUC.Low) {
		t.Errorf("got %+v", got.AUC)
	}
	curve := must(Reliability(y, p, 2))
	if len(curve) != 2 || curve[0].N != 2 || curve[0].Observed != 0.5 || curve[1].Predicted != 0.75 ||
		!(curve[0].Low < 0.5 && 0.5 < curve[0].High) {
		t.Errorf("got %+v", curve)
	}
}

func TestLogisticFiles(t *testing.T) {
	rows := coins(500)
	want, got := make([]float64, 500), make([]float64, 500)
	for _, calibration := range []Calibration{CalibrationPlatt, CalibrationIsotonic, CalibrationNone} {
		m := must(FitLogistic(background, rows, LogisticOptions{Calibration: calibration, L2: 2}))
		check(t, m.Predict(background, rows.X, want))
		saved := must(m.SaveBytes(background, SaveOptions{}))
		path := filepath.Join(t.TempDir(), "logistic.pmkt")
		check(t, m.Save(background, path, SaveOptions{Unsynced: true}))
		info := must(InspectFile(path))
		equal(t, "kind", info.Kind, FileLogistic)
		equal(t, "name", info.Kind.String(), "Logistic")
		for _, loaded := range []*Logistic{
			must(LoadLogistic(background, path, LoadOptions{})), must(LoadLogisticBytes(background, saved, LoadOptions{})),
		} {
			equal(t, "info", loaded.Info(), m.Info())
			if !bytes.Equal(saved, must(loaded.SaveBytes(background, SaveOptions{}))) {
				t.Error("saved again it is other bytes")
			}
			check(t, loaded.Predict(background, rows.X, got))
			if !slices.Equal(want, got) || !slices.Equal(must(loaded.Coefficients()), must(m.Coefficients())) {
				t.Error("a loaded model says something else")
			}
			check(t, loaded.Close())
		}
		_, err := LoadLogisticBytes(background, saved[:100], LoadOptions{})
		fails(t, err, ErrCorrupt)
		_, err = LoadLogisticBytes(background, saved, LoadOptions{MaxBytes: 10})
		fails(t, err, ErrLimit)
		_, err = LoadIntentBytes(background, saved, LoadOptions{})
		fails(t, err, ErrFormat)
		_, err = LoadLogistic(background, path+"x", LoadOptions{})
		fails(t, err, ErrIO)
		check(t, m.Close())
		if err := m.Save(background, path, SaveOptions{}); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestLogisticRefuses(t *testing.T) {
	rows := coins(50)
	short := rows
	short.X = rows.X[1:]
	_, err := FitLogistic(background, short, LogisticOptions{})
	fails(t, err, ErrInvalid, "X holds 99")
	for say, change := range map[string]func(*LogisticData){
		"columns": func(d *LogisticData) { d.Columns = 0 },
		"weights": func(d *LogisticData) { d.Weight = d.Weight[1:] },
		"Cluster": func(d *LogisticData) { d.Cluster = d.Cluster[1:] },
		"y":       func(d *LogisticData) { d.Y = make([]bool, 50) },
		"NULL":    func(d *LogisticData) { d.X, d.Y, d.Weight, d.Cluster = nil, nil, nil, nil },
	} {
		changed := rows
		change(&changed)
		_, err := FitLogistic(background, changed, LogisticOptions{})
		fails(t, err, ErrInvalid, say)
	}
	_, err = FitLogistic(background, rows, LogisticOptions{Folds: 99})
	fails(t, err, ErrInvalid, "folds")
	rows.X[6] = math.Inf(1)
	_, err = FitLogistic(background, rows, LogisticOptions{})
	equal(t, "where", fails(t, err, ErrInvalid).Where, 3)
	rows.X[6] = 0
	m := must(FitLogistic(background, rows, LogisticOptions{}))
	fails(t, m.Predict(background, rows.X, make([]float64, 3)), ErrInvalid, "room for 3")
	ctx, cancel := context.WithCancel(background)
	cancel()
	if err := m.Predict(ctx, rows.X[:2], make([]float64, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	check(t, m.Close())
	if _, err := m.Coefficients(); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	yes := []bool{true, false}
	_, err = BinaryMetrics(background, yes, []float64{1}, BinaryOptions{})
	fails(t, err, ErrInvalid, "1 probabilities")
	_, err = BinaryMetrics(background, yes, []float64{1, 2}, BinaryOptions{})
	fails(t, err, ErrInvalid)
	_, err = BinaryMetrics(background, yes, []float64{1, 0}, BinaryOptions{Cluster: []uint64{1}})
	fails(t, err, ErrInvalid, "Cluster")
	_, err = BinaryMetrics(background, yes, []float64{1, 0}, BinaryOptions{Rival: []float64{1}})
	fails(t, err, ErrInvalid, "Rival")
	_, err = BinaryMetrics(background, yes, []float64{1, 0}, BinaryOptions{Bins: 1})
	fails(t, err, ErrInvalid, "bins")
	_, err = Reliability(yes, []float64{1, 0}, 0)
	fails(t, err, ErrInvalid, "0 bins")
	_, err = Reliability(yes, []float64{1}, 3)
	fails(t, err, ErrInvalid)
}
