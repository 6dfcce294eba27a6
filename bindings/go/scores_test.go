package pmkt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func ExampleScores_Summary() {
	rfm, _ := NewRFM(RFMOptions{})
	defer rfm.Close()
	rfm.Add(background, EventsOf(shop()...))
	scores, _ := rfm.Score(background, day("2026-02-01"), ScoreOptions{})
	defer scores.Close()
	groups, _ := scores.Summary(ByLifecycle)
	for _, g := range groups {
		fmt.Printf("%-8s %d customers, %4.1f %% of the revenue\n",
			g.Name, g.Customers, 100*g.RevenueShare)
	}
	// Output:
	// new      0 customers,  0.0 % of the revenue
	// growth   3 customers, 97.4 % of the revenue
	// mature   0 customers,  0.0 % of the revenue
	// churned  1 customers,  2.6 % of the revenue
}

func ExampleScores_Borrow() {
	rfm, _ := NewRFM(RFMOptions{})
	defer rfm.Close()
	rfm.Add(background, EventsOf(shop()...))
	scores, _ := rfm.Score(background, day("2026-02-01"), ScoreOptions{})
	defer scores.Close()
	var revenue int64
	_ = scores.Borrow(func(columns *Columns) error {
		for _, r := range columns.Revenue { // the library's memory, not a copy
			revenue += r
		}
		return nil
	})
	fmt.Println(revenue)
	// Output: 185900
}

func TestScoresOfAShop(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}, shop()...), "2026-02-01", ScoreOptions{})
	equal(t, "rows", scores.Len(), 4)
	equal(t, "as of", scores.AsOf(), day("2026-02-01"))
	equal(t, "scheme", scores.Scheme().String(), "threshold")
	equal(t, "bins", scores.Bins(), 0)
	customer, ok := scores.Lookup(1)
	equal(t, "known", ok, true)
	want := Customer{User: 1, RecencyDays: 8, Orders: 6, OrdersPerMonth: 6 / (35.0 / 30),
		AverageOrder: 21_000, Revenue: 126_000, TenureDays: 43, R: BandHigh, F: BandHigh,
		M: BandHigh, Segment: ActiveHighHigh, Activity: BandHigh, Lifecycle: LifecycleGrowth,
		BrandStage: StageLoyal, Tier: 0, TierSpend: 126_000, ToNextTier: 374_000}
	equal(t, "customer 1", customer, want)
	looker, _ := scores.Lookup(4)
	equal(t, "flags", int(looker.Flags), FlagProspect|FlagRegistered)
	equal(t, "recency", looker.RecencyDays, -1)
	equal(t, "segment", int(looker.Segment), NoOrder)
	equal(t, "stage", int(looker.BrandStage), StageInterested)
	_, ok = scores.Lookup(99)
	equal(t, "unknown", ok, false)

	rows := make([]int64, 3)
	check(t, scores.Find([]uint64{4, 99, 1}, rows))
	columns := must(scores.Columns())
	equal(t, "row of 4", columns.User[rows[0]], 4)
	equal(t, "row of 99", rows[1], -1)
	equal(t, "row of 1", columns.Row(int(rows[2])), want)
	fails(t, scores.Find([]uint64{1}, rows), ErrInvalid, "row has 3")
	seen := 0
	for i, customer := range scores.All() {
		equal(t, "row", customer, columns.Row(i))
		if seen++; seen == 3 {
			break
		}
	}
}

func TestColumnsAreCopies(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}, shop()...), "2026-02-01", ScoreOptions{})
	columns := must(scores.Columns())
	clear(columns.User)
	clear(columns.Revenue)
	_, ok := scores.Lookup(1)
	equal(t, "known", ok, true)
	err := scores.Borrow(func(lent *Columns) error {
		check(t, scores.Close()) // they stay open until the end
		equal(t, "users", slices.Max(lent.User), 4)
		lent.User = nil // the caller's own
		return ErrLimit
	})
	fails2(t, err, ErrLimit)
	_, err = scores.Columns()
	fails(t, err, ErrInvalid, "closed")
}

// fails2 is for errors that are not of the library.
func fails2(t testing.TB, err, want error) {
	t.Helper()
	if err != want {
		t.Errorf("got %v; expected %v", err, want)
	}
}

func TestNamesOfCodes(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}, shop()...), "2026-02-01", ScoreOptions{})
	for by, want := range map[Grouping]string{
		BySegment: "active-high-high active-high-low active-low-high active-low-low dormant-high-high " +
			"dormant-high-low dormant-low-high dormant-low-low no-order",
		ByLifecycle:  "new growth mature churned",
		ByTier:       "silver gold unknown",
		ByBrandStage: "not-observed unaware aware interested buyer loyal",
		ByActivity:   "no-order dormant cooling active",
	} {
		equal(t, by.String(), strings.Join(scores.Names(by), " "), want)
		for code, name := range scores.Names(by) {
			equal(t, by.String(), scores.Name(by, code), name)
		}
	}
	equal(t, "cells", len(scores.Names(ByCell)), 64)
	equal(t, "unknown tier", scores.Name(ByTier, TierUnknown), "unknown")
	for _, code := range []int{-1, 9, 1 << 20, 1 << 40} {
		equal(t, "no code", scores.Name(BySegment, code), "")
	}
	equal(t, "no grouping", scores.Name(7, 0), "")
	equal(t, "no grouping", len(scores.Names(7)), 0)
	_, err := scores.Summary(7)
	fails(t, err, ErrInvalid)
	equal(t, "names", fmt.Sprint(ByCell, Grouping(7), Grouping(-1)), "cell grouping 7 grouping -1")
	equal(t, "Chinese", ClassNameZH(ActiveHighHigh), "重要价值")
	equal(t, "no order in Chinese", ClassNameZH(NoOrder), "未购买")
	equal(t, "no Chinese", ClassNameZH(9)+ClassNameZH(-1)+ClassNameZH(1<<32), "")
}

func TestEveryScoreOptionCounts(t *testing.T) {
	events := shop()
	events = append(events, order(5, 50, "2025-11-01", 6_000), order(5, 51, "2025-12-15", 6_000))
	rfm := newRFM(t, RFMOptions{}, events...)
	plain := must(scored(t, rfm, "2026-02-01", ScoreOptions{}).Columns())
	for name, options := range map[string]ScoreOptions{
		"Scheme":      {Scheme: Quantile},
		"Collapse":    {Collapse: MiddleHigh},
		"Mean":        {Collapse: Mean, FLow: Zero, FHigh: 100, MHigh: 1 << 40, MLow: Zero},
		"Median":      {Collapse: Median, FLow: Zero, FHigh: 100, MHigh: 1 << 40, MLow: Zero},
		"Frequency":   {Frequency: FrequencyOrders, FHigh: 2},
		"Monetary":    {Monetary: MonetaryRevenue, MLow: 10_000, MHigh: 12_000},
		"ActiveDays":  {ActiveDays: 5},
		"DormantDays": {DormantDays: 31},
		"FHigh":       {FHigh: 6},
		"FLow":        {FLow: Zero},
		"MHigh":       {MHigh: 6_000},
		"MLow":        {MLow: 7_000},
		"MonthDays":   {MonthDays: 10},
		"FWindowDays": {FWindowDays: 20},
		"GrowthDays":  {GrowthDays: 50},
		"MatureDays":  {MatureDays: 40},
		"ChurnDays":   {ChurnDays: 30},
		"AtRiskDays":  {AtRiskDays: 40},
		"LoyalOrders": {LoyalOrders: 3},
		"TierDays":    {TierDays: 30},
		"Tiers":       {Tiers: []Tier{{"bronze", 0}, {"silver", 10_000}, {"gold", 20_000}}},
	} {
		got := must(scored(t, rfm, "2026-02-01", options).Columns())
		if slices.EqualFunc(rowsOf(got), rowsOf(plain), func(a, b Customer) bool { return a == b }) {
			t.Errorf("%s changes nothing", name)
		}
	}
	tiers := scored(t, rfm, "2026-02-01",
		ScoreOptions{Tiers: []Tier{{"bronze", 0}, {"白银", 10_000}}})
	equal(t, "tiers", strings.Join(tiers.Names(ByTier), " "), "bronze 白银 unknown")
}

func rowsOf(c Columns) (rows []Customer) {
	for i := range c.User {
		rows = append(rows, c.Row(i))
	}
	return rows
}

func TestQuantileScores(t *testing.T) {
	var events []Event
	for user := range uint64(10) {
		events = append(events, order(user+1, user+1, "2026-01-01", int64(user+1)*100))
	}
	rfm := newRFM(t, RFMOptions{}, events...)
	scores := scored(t, rfm, "2026-02-01", ScoreOptions{Scheme: Quantile, Bins: 2,
		Segments: []Segment{{Name: "big", M: Range{Min: 2}}, {Name: "small", M: Range{1, 1}}}})
	equal(t, "scheme", scores.Scheme().String(), "quantile")
	equal(t, "bins", scores.Bins(), 2)
	equal(t, "names", strings.Join(scores.Names(BySegment), " "), "big small other no-order")
	small, _ := scores.Lookup(5)
	big, _ := scores.Lookup(6)
	equal(t, "scores", fmt.Sprint(small.M, big.M, small.Segment, big.Segment), "1 2 1 0")
	cuts := scores.Cuts()
	equal(t, "cuts", fmt.Sprint(len(cuts.R), len(cuts.F), cuts.M), "1 1 [500]")
	five := scored(t, rfm, "2026-02-01", ScoreOptions{Scheme: Quantile})
	equal(t, "built-in table", slices.Contains(five.Names(BySegment), "champions"), true)
	equal(t, "threshold cuts", len(scored(t, rfm, "2026-02-01", ScoreOptions{}).Cuts().M), 0)
}

func TestHysteresis(t *testing.T) {
	rfm := newRFM(t, RFMOptions{},
		order(1, 1, "2026-01-10", 20_000), order(1, 2, "2026-02-20", 2_000))
	before := scored(t, rfm, "2026-02-01", ScoreOptions{})
	options := ScoreOptions{Collapse: Hysteresis, Previous: before}
	was, _ := before.Lookup(1)
	kept, _ := scored(t, rfm, "2026-03-01", options).Lookup(1)
	strict, _ := scored(t, rfm, "2026-03-01", ScoreOptions{}).Lookup(1)
	equal(t, "before", int(was.Segment), ActiveLowHigh)
	equal(t, "kept", int(kept.Segment), ActiveLowHigh)
	equal(t, "strict", int(strict.Segment), ActiveLowLow)
	quantile := scored(t, rfm, "2026-02-01", ScoreOptions{Scheme: Quantile})
	_, err := rfm.Score(background, day("2026-03-01"),
		ScoreOptions{Collapse: Hysteresis, Previous: quantile})
	fails(t, err, ErrMismatch)
}

func TestScoreOptionsThatDoNotFit(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	for say, options := range map[string]ScoreOptions{
		"scheme":        {Scheme: 9},
		"bins":          {Scheme: Quantile, Bins: 101},
		"Bins":          {Bins: 1 << 40},
		"collapse":      {Collapse: 9},
		"frequency":     {Frequency: 9},
		"monetary":      {Monetary: 9},
		"dormant_days":  {ActiveDays: 100},
		"DormantDays":   {DormantDays: -1 << 40},
		"tiers":         {Tiers: []Tier{{"gold", 5}}},
		"holds a NUL":   {Tiers: []Tier{{"a\x00b", 0}}},
		"segments":      {Scheme: Quantile, Segments: []Segment{{Name: "a", R: Range{4, 2}}}},
		"segments[0]":   {Scheme: Quantile, Segments: []Segment{{}}},
		"previous":      {Collapse: Hysteresis},
		"f_high":        {FHigh: -5},
		"f_window_days": {FWindowDays: -7},
	} {
		_, err := rfm.Score(background, day("2026-02-01"), options)
		fails(t, err, ErrInvalid, say)
	}
	summary := newRFM(t, RFMOptions{Mode: Summary}, shop()...)
	_, err := summary.Score(background, day("2026-01-01"), ScoreOptions{})
	fails(t, err, ErrUnsupported)
}

func TestScoresOfNobody(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}), "2026-02-01", ScoreOptions{})
	equal(t, "rows", scores.Len(), 0)
	equal(t, "columns", len(must(scores.Columns()).User), 0)
	groups := must(scores.Summary(BySegment))
	equal(t, "groups", len(groups), 9)
	equal(t, "customers", groups[0].Customers, 0)
	_, ok := scores.Lookup(1)
	equal(t, "known", ok, false)
	check(t, scores.Find(nil, nil))
}

func TestServingAllocatesNothing(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}, shop()...), "2026-02-01", ScoreOptions{})
	users, rows := []uint64{1, 2, 3, 99}, make([]int64, 4)
	equal(t, "Lookup", testing.AllocsPerRun(100, func() { scores.Lookup(1) }), 0)
	equal(t, "Find", testing.AllocsPerRun(100, func() { _ = scores.Find(users, rows) }), 0)
}
