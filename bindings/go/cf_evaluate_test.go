package pmkt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

func ExampleEvaluate() {
	ctx := context.Background()
	events := tastes()
	parts, err := events.Split(SplitOptions{How: SplitRandom, Test: 0.3, Seed: 1})
	if err != nil {
		panic(err)
	}
	past, _ := events.Only(parts, PartTrain)
	future, _ := events.Only(parts, PartTest)
	train, _, _ := NewCFData(ctx, past, CFDataOptions{})
	defer train.Close()
	test, _, _ := NewCFData(ctx, future, CFDataOptions{})
	defer test.Close()
	model, err := FitALS(ctx, train, ALSOptions{Factors: 2, Seed: 1})
	if err != nil {
		panic(err)
	}
	defer model.Close()
	result, err := Evaluate(ctx, model, test, EvaluateOptions{K: []int{10}})
	if err != nil {
		panic(err)
	}
	defer result.Close()
	fmt.Printf("%v@10 %.2f of %d users\n", MetricRecall, result.Value(MetricRecall, 10), result.Evaluated)
	// Output: recall@10 1.00 of 39 users
}

func TestSplits(t *testing.T) {
	events := EventsOf(
		Event{User: 1, Item: 1, Kind: KindView, Time: day("2026-01-01")},
		Event{User: 1, Item: 2, Kind: KindOrder, Time: day("2026-01-02")},
		Event{User: 2, Item: 3, Kind: KindOrder, Time: day("2026-01-03")},
		Event{User: 2, Kind: KindView, Time: day("2026-01-04")},
		Event{User: 2, Item: 4, Kind: KindView, Time: day("2026-01-05")},
	)
	for want, split := range map[string]SplitOptions{
		"[0 0 0 2 1]": {Test: 0.25},
		"[0 0 1 2 1]": {From: day("2026-01-03")},
		"[0 1 0 2 1]": {How: SplitLeaveLast},
		"[0 0 1 2 2]": {From: day("2026-01-03"), Kind: KindOrder},
	} {
		equal(t, "parts", fmt.Sprint(must(events.Split(split))), want)
	}
	parts := must(events.Split(SplitOptions{}))
	test := must(events.Only(parts, PartTest))
	equal(t, "rows", fmt.Sprint(test.User, test.Item, test.Kind), "[2] [4] [view]")
	equal(t, "rows", must(events.Only(parts, PartTrain)).Len(), 3)
	equal(t, "nothing", len(must((&Events{}).Split(SplitOptions{}))), 0)
	_, err := events.Only(parts[1:], PartTest)
	fails(t, err, ErrInvalid, "4 parts")
	_, err = (&Events{User: []uint64{1, 2}, Time: []int64{1}}).Only(make([]Part, 2), PartTrain)
	fails(t, err, ErrInvalid, "Time has 1")
	_, err = events.Split(SplitOptions{How: 9})
	fails(t, err, ErrInvalid, "how")
}

func TestEvaluateAnswersByHand(t *testing.T) {
	matrix := func(at []int64, item ...int32) *CFData {
		data := must(CFDataOf(background, &CFMatrix{Columns: 4, At: at, Item: item}))
		t.Cleanup(func() { check(t, data.Close()) })
		return data
	}
	train, test := matrix([]int64{0, 1, 1}, 0), matrix([]int64{0, 2, 3}, 1, 2, 3)
	answer := &Answer{IDs: []uint64{2, 4, 1, 2}, Counts: []int32{2, 2}}
	options := EvaluateOptions{K: []int{1, 2}, Train: train, Groups: 2, Group: []int32{0, 1}}
	result := must(EvaluateAnswers(background, []uint64{1, 2}, answer, test, options))
	defer result.Close()
	equal(t, "users", result.Evaluated, 2)
	equal(t, "figures", len(result.Figures), 3*2*Metrics)
	equal(t, "precision", result.Value(MetricPrecision, 2), 0.25)
	equal(t, "recall", result.Value(MetricRecall, 1), 0.25)
	equal(t, "mrr", result.Value(MetricMRR, 2), 0.5)
	equal(t, "none", math.IsNaN(result.Value(MetricMRR, 3)), true)
	users, values, err := result.Users(MetricHit, 1)
	check(t, err)
	equal(t, "of each", fmt.Sprint(users, values), "[1 2] [1 0]")
	group := slices.IndexFunc(result.Figures, func(f Figure) bool {
		return f.Group == 1 && f.K == 1 && f.Metric == MetricHit
	})
	equal(t, "of a group", result.Figures[group].Value, 0)
	equal(t, "its users", result.Figures[group].Users, 1)
	_, _, err = result.Users(MetricHit, 7)
	fails(t, err, ErrInvalid)
	for say, bad := range map[string]EvaluateOptions{
		"train":       {},
		"Group has 1": {Train: train, Groups: 1, Group: []int32{0}},
		"level":       {Train: train, Level: 2},
		"k":           {Train: train, K: []int{3, 2}},
	} {
		_, err := EvaluateAnswers(background, []uint64{1, 2}, answer, test, bad)
		fails(t, err, ErrInvalid, say)
	}
	_, err = EvaluateAnswers(background, []uint64{1, 1}, answer, test, options)
	fails(t, err, ErrBadRow)
	_, err = EvaluateAnswers(background, []uint64{1, 2}, nil, test, options)
	fails(t, err, ErrInvalid)
	equal(t, "names", fmt.Sprint(MetricNDCG, Metric(99)), "ndcg metric 99")
}

func TestEvaluateModels(t *testing.T) {
	model := newALS(t)
	test := newData(t, EventsOf(
		Event{User: 1, Item: 101, Kind: KindView, Time: day("2026-02-01")},
		Event{User: 2, Item: 102, Kind: KindView, Time: day("2026-02-01")},
		Event{User: 900, Item: 102, Kind: KindView, Time: day("2026-02-01")},
		Event{User: 3, Item: 104, Kind: KindView, Time: day("2026-02-01")},
	), CFDataOptions{})
	result := must(Evaluate(background, model, test, EvaluateOptions{K: []int{1, 5}, Bootstrap: 50, Seed: 7}))
	defer result.Close()
	equal(t, "evaluated", result.Evaluated, 2)
	equal(t, "unknown", result.Unknown, 1)
	equal(t, "nothing relevant", result.NothingRelevant, 1)
	equal(t, "ndcg", result.Value(MetricNDCG, 1), 1)
	equal(t, "interval", result.Figures[0].Low, 1)
	strangers := must(Evaluate(background, model, test, EvaluateOptions{K: []int{1}, FoldIn: true,
		Train: newData(t, tastes(), CFDataOptions{}), Bootstrap: -1, Allow: newSet(t, 101)}))
	defer strangers.Close()
	equal(t, "one of two", strangers.Value(MetricHit, 1), 0.5)
	equal(t, "no interval", math.IsNaN(strangers.Figures[0].Low), true)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err := Evaluate(ctx, model, test, EvaluateOptions{})
	equal(t, "canceled", errors.Is(err, context.Canceled), true)
}
