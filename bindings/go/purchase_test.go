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
	"time"
)

// shopping is events of some users, of whom those with a cart often order.
func shopping(users int) *Events {
	random := rand.New(rand.NewPCG(1, 2))
	e := &Events{}
	add := func(user uint64, at int64, kind Kind) {
		e.User = append(e.User, user)
		e.Time = append(e.Time, at)
		e.Kind = append(e.Kind, kind)
		e.Item = append(e.Item, 1+random.Uint64N(12))
		e.Category = append(e.Category, 1+random.Uint64N(3))
	}
	for user := range uint64(users) {
		at := random.Int64N(1_000_000_000)
		for range 1 + random.IntN(4) {
			at += 7_200_000
			chance := 0.05
			for range 1 + random.IntN(6) {
				at += 1000 + random.Int64N(100_000)
				kind := KindView
				if random.IntN(5) == 0 {
					kind, chance = KindCart, 0.6
				}
				add(user+1, at, kind)
			}
			if random.Float64() < chance {
				add(user+1, at+5000, KindOrder)
			}
		}
	}
	return e
}

func newPurchase(t testing.TB, events *Events) *Purchase {
	t.Helper()
	m, report, err := FitPurchase(background, events, IntentOptions{}, PurchaseOptions{})
	check(t, err)
	t.Cleanup(func() { check(t, m.Close()) })
	equal(t, "accepted", report.Accepted, int64(len(events.User)))
	return m
}

func TestPurchaseScores(t *testing.T) {
	events := shopping(300)
	m := newPurchase(t, events)
	n, info := len(events.User), m.Info()
	if info.Rows == 0 || info.CartRows == 0 || info.CartWithin != 72*time.Hour || info.Bytes == 0 {
		t.Fatalf("got %+v", info)
	}
	features := m.Features()
	equal(t, "features", len(features), info.Features)
	if features[0] != "evidence" || !slices.Contains(features, "count:cart") {
		t.Errorf("got %v", features)
	}
	out := NewPurchaseScores(n)
	report := must(m.Score(background, events, out))
	equal(t, "rows", report.Accepted, int64(n))
	why := must(m.Explain(background, PurchaseSession, events, nil))
	carts := must(m.Explain(background, PurchaseCart, events, nil))
	k := info.Features + 1
	for i, kind := range events.Kind {
		if kind == KindOrder {
			if out.PGoal[i] != 1 || out.Next[i*IntentTop] != 0 || !math.IsNaN(why.LogOdds[i*k]) {
				t.Errorf("row %d is the goal: %v", i, out.PGoal[i])
			}
			continue
		}
		for what, p := range map[string][2]float64{
			"session": {out.PGoal[i], sigmoidOf(why.LogOdds[i*k : i*k+k])},
			"cart":    {out.PCart[i], sigmoidOf(carts.LogOdds[i*k : i*k+k])},
		} {
			if what == "cart" && kind != KindCart {
				if !math.IsNaN(p[0]) {
					t.Errorf("row %d is no cart, and has %v", i, p[0])
				}
			} else if math.Abs(p[0]-p[1]) > 1e-12 {
				t.Errorf("row %d, %s: %v and %v", i, what, p[0], p[1])
			}
		}
		if p := out.NextP[i*IntentTop]; !(p > 0) || p < out.NextP[i*IntentTop+1] || !(out.TimeMs[i] > 0) {
			t.Errorf("row %d: %v in %v ms", i, p, out.TimeMs[i])
		}
	}
	some := must(m.Explain(background, PurchaseSession, events, []int64{7, 3, 7}))
	for at, row := range []int{7, 3, 7} {
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if !slices.EqualFunc(some.Value[at*(k-1):(at+1)*(k-1)], why.Value[row*(k-1):(row+1)*(k-1)], same) {
			t.Errorf("row %d has two explanations", row)
		}
	}
	none := must(m.Explain(background, PurchaseSession, events, []int64{}))
	equal(t, "values of nothing", len(none.Value), 0)
	only := &PurchaseScores{PGoal: make([]float64, n)}
	must(m.Score(background, events, only, WithThreads(2)))
	if !slices.Equal(only.PGoal, out.PGoal) {
		t.Error("threads, or what was asked for, change a score")
	}
}

func sigmoidOf(terms []float64) float64 {
	sum := 0.0
	for _, term := range terms {
		sum += term
	}
	return 1 / (1 + math.Exp(-sum))
}

func TestPartsOfAPurchase(t *testing.T) {
	events := shopping(300)
	m := newPurchase(t, events)
	chains := must(m.Chains())
	alone, _, err := FitIntent(background, events, IntentOptions{})
	check(t, err)
	defer alone.Close()
	if !bytes.Equal(must(chains.SaveBytes(background, SaveOptions{})), must(alone.SaveBytes(background, SaveOptions{}))) {
		t.Error("the chains are others")
	}
	learned := must(m.Logistic(PurchaseSession))
	check(t, m.Close()) // its parts stay
	equal(t, "columns", learned.Info().Columns, m.Info().Features)
	equal(t, "rows", learned.Info().Rows, m.Info().Rows)
	equal(t, "calibration", learned.Info().Calibration, CalibrationPlatt)
	equal(t, "coefficients", len(must(learned.Coefficients())), len(m.Features())+1)
	check(t, chains.Close())
	check(t, learned.Close())
	if _, err := m.Chains(); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	equal(t, "parts", fmt.Sprint(PurchaseSession, PurchaseCart, PurchasePart(7)), "session cart part 7")
}

func TestPurchaseFiles(t *testing.T) {
	events := shopping(100)
	fit := PurchaseOptions{Calibration: CalibrationIsotonic, L2: 3, CartWithin: time.Hour,
		Zone: ZoneOf(time.FixedZone("", 8*3600))}
	m, _, err := FitPurchase(background, events, IntentOptions{Order: 2, Gap: time.Hour}, fit)
	check(t, err)
	defer m.Close()
	want := must(m.SaveBytes(background, SaveOptions{}))
	path := filepath.Join(t.TempDir(), "purchase.pmkt")
	check(t, m.Save(background, path, SaveOptions{Unsynced: true}))
	out, again := NewPurchaseScores(len(events.User)), NewPurchaseScores(len(events.User))
	must(m.Score(background, events, out))
	for _, loaded := range []*Purchase{
		must(LoadPurchase(background, path, LoadOptions{})), must(LoadPurchaseBytes(background, want, LoadOptions{})),
	} {
		equal(t, "info", loaded.Info(), m.Info())
		chains, settings, err := loaded.Settings()
		check(t, err)
		equal(t, "chains", fmt.Sprint(chains), fmt.Sprint(IntentOptions{Order: 2, Gap: time.Hour, Goal: Action(KindOrder)}))
		fit.Rows = 250_000
		equal(t, "settings", fmt.Sprint(settings), fmt.Sprint(fit))
		if !bytes.Equal(want, must(loaded.SaveBytes(background, SaveOptions{}))) {
			t.Error("saved again it is other bytes")
		}
		must(loaded.Score(background, events, again))
		if !slices.Equal(out.PGoal, again.PGoal) || !slices.Equal(out.Next, again.Next) {
			t.Error("a loaded model says something else")
		}
		check(t, loaded.Close())
	}
	info := must(InspectFile(path))
	equal(t, "kind", info.Kind, FilePurchase)
	equal(t, "name", info.Kind.String(), "Purchase")
	_, err = LoadPurchaseBytes(background, want[:100], LoadOptions{})
	fails(t, err, ErrCorrupt)
	_, err = LoadIntentBytes(background, want, LoadOptions{})
	fails(t, err, ErrFormat)
	_, err = LoadPurchase(background, path+"x", LoadOptions{})
	fails(t, err, ErrIO)
}

func TestALivePurchase(t *testing.T) {
	events := shopping(60)
	m, _, err := FitPurchase(background, events, IntentOptions{}, PurchaseOptions{})
	check(t, err)
	live := NewLive(m)
	now, release := live.Load()
	next, _, err := FitPurchase(background, shopping(80), IntentOptions{}, PurchaseOptions{})
	check(t, err)
	live.Swap(next)
	must(now.Score(background, events, NewPurchaseScores(len(events.User)))) // the old one, still open
	release()
	if _, err := now.Chains(); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	check(t, live.Close())
}

func TestPurchaseRefuses(t *testing.T) {
	events := shopping(100)
	m := newPurchase(t, events)
	_, _, err := FitPurchase(background, nil, IntentOptions{}, PurchaseOptions{})
	fails(t, err, ErrInvalid, "nil")
	for say, fit := range map[string]PurchaseOptions{
		"CartWithin":  {CartWithin: 5},
		"cart_ms":     {CartWithin: 366 * 24 * time.Hour},
		"l2":          {L2: -1},
		"rows":        {Rows: -1},
		"calibration": {Calibration: 9},
		"offset":      {Zone: Zone{OffsetMinutes: 5_000}},
	} {
		_, _, err = FitPurchase(background, events, IntentOptions{}, fit)
		fails(t, err, ErrInvalid, say)
	}
	_, _, err = FitPurchase(background, events, IntentOptions{Order: 9}, PurchaseOptions{})
	fails(t, err, ErrInvalid, "order")
	_, err = m.Score(background, nil, NewPurchaseScores(1))
	fails(t, err, ErrInvalid)
	_, err = m.Score(background, events, nil)
	fails(t, err, ErrInvalid)
	_, err = m.Score(background, events, NewPurchaseScores(3))
	fails(t, err, ErrInvalid, "room for 3")
	_, err = m.Score(background, events, &PurchaseScores{Next: make([]Action, 2)})
	fails(t, err, ErrInvalid, "Next")
	_, err = m.Explain(background, PurchaseSession, events, []int64{-1})
	fails(t, err, ErrInvalid, "row[0]")
	_, err = m.Explain(background, 5, events, nil)
	fails(t, err, ErrInvalid, "which")
	_, err = m.Logistic(5)
	fails(t, err, ErrInvalid, "part 5")
	few, _, err := FitPurchase(background, &Events{User: []uint64{1}, Time: []int64{0}, Kind: []Kind{KindView}},
		IntentOptions{}, PurchaseOptions{})
	check(t, err)
	defer few.Close()
	_, err = few.Logistic(PurchaseSession)
	fails(t, err, ErrInvalid, "session")
	_, err = few.Score(background, events, NewPurchaseScores(len(events.User)))
	fails(t, err, ErrUnsupported, "p_goal")
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, err := m.Score(ctx, events, NewPurchaseScores(len(events.User))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var nobody *Purchase
	if _, err := nobody.Explain(background, PurchaseSession, events, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	check(t, nobody.Close())
}

func TestBadRowsHaveNoScores(t *testing.T) {
	events := shopping(100)
	m := newPurchase(t, events)
	events.User[4] = 0
	_, err := m.Score(background, events, NewPurchaseScores(len(events.User)))
	fails(t, err, ErrBadRow)
	events.OnBad = OnBadSkip
	out := NewPurchaseScores(len(events.User))
	report := must(m.Score(background, events, out))
	equal(t, "rejected", report.Rejected, int64(1))
	if !math.IsNaN(out.PGoal[4]) || math.IsNaN(out.PGoal[5]) {
		t.Errorf("got %v", out.PGoal[:6])
	}
}
