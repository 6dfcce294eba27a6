package pmkt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tastes are the views of two kinds of people: 1 to 20 like items 101 to 110, 21 to 40 those from 111 to
// 120; each has had all of theirs but one.
func tastes() *Events {
	batch := &Events{}
	for user := range uint64(40) {
		for item := range uint64(10) {
			if item == user%10 {
				continue
			}
			batch.Append(Event{User: user + 1, Kind: KindView, Item: 101 + user/20*10 + item,
				Category: 1 + user/20, Time: day("2026-01-01").Add(time.Duration(user) * time.Hour)})
		}
	}
	return batch
}

func newData(t testing.TB, batch *Events, options CFDataOptions) *CFData {
	t.Helper()
	data, _, err := NewCFData(background, batch, options)
	check(t, err)
	t.Cleanup(func() { check(t, data.Close()) })
	return data
}

func fitted(t testing.TB, model *Model, err error) *Model {
	t.Helper()
	check(t, err)
	t.Cleanup(func() { check(t, model.Close()) })
	return model
}

func newALS(t testing.TB) *Model {
	t.Helper()
	model, err := FitALS(background, newData(t, tastes(), CFDataOptions{}), ALSOptions{Factors: 8, Seed: 1})
	return fitted(t, model, err)
}

func ExampleModel() {
	ctx := context.Background()
	data, report, err := NewCFData(ctx, tastes(), CFDataOptions{})
	if err != nil {
		panic(err)
	}
	defer data.Close()
	model, err := FitALS(ctx, data, ALSOptions{Factors: 8, Seed: 1})
	if err != nil {
		panic(err)
	}
	defer model.Close()
	answer, err := model.Recommend(ctx, []uint64{1, 22, 999}, Query{K: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(report)
	for row := range answer.Counts {
		ids, _ := answer.Row(row)
		fmt.Println(ids, answer.Reasons[row])
	}
	// Output:
	// 360 rows: 360 accepted
	// [101] answered
	// [112] answered
	// [] unknown
}

// The one item of their kind that somebody has not had comes first, whatever the model.
func TestModelsRecommendWhatIsMissing(t *testing.T) {
	data := newData(t, tastes(), CFDataOptions{})
	als, err := FitALS(background, data, ALSOptions{Factors: 8, Solver: SolverCholesky, Seed: 3})
	fitted(t, als, err)
	knn, err := FitItemKNN(background, data, ItemKNNOptions{Similarity: BM25})
	fitted(t, knn, err)
	users := make([]uint64, 40)
	for i := range users {
		users[i] = uint64(i) + 1
	}
	for _, model := range []*Model{als, knn} {
		answer := must(model.Recommend(background, users, Query{K: 3}, WithThreads(2)))
		for i := range users {
			ids, scores := answer.Row(i)
			want := uint64(101 + i/20*10 + i%10)
			if len(ids) == 0 || ids[0] != want || !slices.IsSortedFunc(scores, func(a, b float32) int {
				return -int(math.Copysign(1, float64(a-b)))
			}) {
				t.Fatalf("%v: user %d gets %v %v; expected %d first", model.Info().Kind, users[i], ids,
					scores, want)
			}
			one := NewAnswer(1, 3)
			check(t, model.RecommendInto(background, users[i:i+1], &Query{K: 3}, one))
			alone, same := one.Row(0)
			if !slices.Equal(alone, ids) || !slices.Equal(same, scores) {
				t.Fatalf("user %d alone gets %v %v; together %v %v", users[i], alone, same, ids, scores)
			}
		}
	}
}

func TestPopularity(t *testing.T) {
	batch := EventsOf(
		Event{User: 1, Item: 5, Kind: KindView, Time: day("2026-01-01")},
		Event{User: 2, Item: 5, Kind: KindView, Time: day("2026-01-01")},
		Event{User: 1, Item: 6, Kind: KindOrder, Time: day("2026-01-01")})
	data := newData(t, batch, CFDataOptions{})
	for by, want := range map[PopularBy]string{
		PopularByWeight: "[6 5] [10 2]", PopularByUsers: "[5 6] [2 1]",
	} {
		model, err := FitPopularity(background, data, PopularityOptions{By: by})
		fitted(t, model, err)
		equal(t, "kind", model.Info().Kind, ModelPopularity)
		answer := must(model.Recommend(background, []uint64{1}, Query{KeepSeen: true}))
		ids, scores := answer.Row(0)
		equal(t, "most popular", fmt.Sprint(ids, " ", scores), want)
	}
}

func TestQueryFilters(t *testing.T) {
	model := newALS(t)
	allow, deny := newSet(t, 101, 102, 103, 111), newSet(t, 102)
	ask := func(query Query, users ...uint64) []uint64 {
		t.Helper()
		ids, _ := must(model.Recommend(background, users, query)).Row(0)
		return slices.Sorted(slices.Values(ids))
	}
	equal(t, "default", len(ask(Query{}, 1)), 10)
	equal(t, "all that is left", len(ask(Query{K: 50}, 1)), 11)
	equal(t, "with what was seen", len(ask(Query{K: 50, KeepSeen: true}, 1)), 20)
	equal(t, "allow", fmt.Sprint(ask(Query{Allow: allow, KeepSeen: true}, 1)), "[101 102 103 111]")
	equal(t, "deny", fmt.Sprint(ask(Query{Allow: allow, Deny: deny, KeepSeen: true}, 1)), "[101 103 111]")
	equal(t, "exclude", fmt.Sprint(ask(Query{Allow: allow, Exclude: []uint64{101, 111}, KeepSeen: true}, 1)),
		"[102 103]")
	equal(t, "category", fmt.Sprint(ask(Query{Category: 1}, 1)), "[101]")
	equal(t, "min score", fmt.Sprint(ask(Query{HasMinScore: true, MinScore: 0.5}, 1)), "[101]")
	answer := must(model.Recommend(background, []uint64{1, 1}, Query{Allow: allow, KeepSeen: true,
		Exclude: []uint64{101, 102, 103}, ExcludeAt: []int64{0, 1, 3}}))
	equal(t, "counts", fmt.Sprint(answer.Counts), "[3 2]")
	answer = must(model.Recommend(background, []uint64{999}, Query{K: 2, Fallback: FallbackPopular}))
	equal(t, "fallback", answer.Reasons[0], ReasonFellBack)
	equal(t, "fallback", answer.Counts[0], 2)
	equal(t, "name", ReasonFellBack.String(), "fell back")
}

func TestHistoriesAndSimilar(t *testing.T) {
	model := newALS(t)
	history := Histories{Items: []uint64{111, 112, 113, 777}, Weights: []float32{1, 2, 1, 1}}
	answer := must(model.RecommendHistory(background, history, Query{K: 7}))
	ids, _ := answer.Row(0)
	for _, id := range ids {
		if id < 114 || id > 120 {
			t.Errorf("somebody who likes 111 to 113 gets %v", ids)
		}
	}
	equal(t, "count", len(ids), 7)
	two := Histories{At: []int64{0, 4, 4}, Items: history.Items, Weights: history.Weights}
	answer = must(model.RecommendHistory(background, two, Query{K: 7}))
	both, _ := answer.Row(0)
	equal(t, "of two", slices.Equal(both, ids), true)
	equal(t, "of nothing", answer.Reasons[1], ReasonUnknown)

	factors := must(model.FoldIn(background, two))
	equal(t, "numbers", len(factors), 16)
	equal(t, "of nothing", slices.Equal(factors[8:], make([]float32, 8)), true)
	one := make([]float32, 8)
	check(t, model.FoldInInto(background, &history, one))
	equal(t, "alone", slices.Equal(one, factors[:8]), true)

	ids, scores := must(model.SimilarItems(background, []uint64{101}, Query{K: 9})).Row(0)
	for i, id := range ids {
		if id < 102 || id > 110 || scores[i] < 0.5 {
			t.Errorf("like 101 are %v by %v", ids, scores)
		}
	}
	ids, _ = must(model.SimilarUsers(background, []uint64{40}, Query{K: 19})).Row(0)
	equal(t, "users", len(ids), 19)
	equal(t, "the least", slices.Min(ids), 21)

	ranked := must(model.Rank(background, []uint64{1, 40}, []int64{0, 3, 5}, []uint64{115, 101, 999, 101, 111}))
	first, _ := ranked.Row(0)
	second, _ := ranked.Row(1)
	equal(t, "ranked", fmt.Sprint(first, second), "[101 115] [111 101]")
	first, _ = must(model.Rank(background, []uint64{1}, nil, []uint64{115, 101})).Row(0)
	equal(t, "ranked alone", fmt.Sprint(first), "[101 115]")
}

func TestFilesOfModels(t *testing.T) {
	model := newALS(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "model.pmkt")
	check(t, model.Save(background, path, SaveOptions{}))
	saved := must(model.SaveBytes(background, SaveOptions{}))
	equal(t, "file and bytes", bytes.Equal(must(os.ReadFile(path)), saved), true)
	equal(t, "kind", must(InspectFile(path)).Kind, FileModel)
	loaded, err := LoadModel(background, path, LoadOptions{})
	fitted(t, loaded, err)
	held, err := LoadModelBytes(background, saved, LoadOptions{})
	fitted(t, held, err)
	mapped, err := MapModel(path, LoadOptions{})
	fitted(t, mapped, err)
	equal(t, "mapped", mapped.Info().Mapped, int64(len(saved)))
	want := must(model.Recommend(background, []uint64{1, 30}, Query{}))
	for _, other := range []*Model{loaded, held, mapped} {
		check(t, other.Verify(background))
		got := must(other.Recommend(background, []uint64{1, 30}, Query{}))
		equal(t, "ids", slices.Equal(got.IDs, want.IDs), true)
		equal(t, "scores", slices.Equal(got.Scores, want.Scores), true)
		equal(t, "same bytes", bytes.Equal(must(other.SaveBytes(background, SaveOptions{})), saved), true)
	}
	_, err = LoadModel(background, filepath.Join(folder, "none"), LoadOptions{})
	equal(t, "is not there", errors.Is(err, fs.ErrNotExist), true)
	saved[len(saved)/2] ^= 1
	_, err = LoadModelBytes(background, saved, LoadOptions{})
	fails(t, err, ErrCorrupt)
	_, err = LoadModelBytes(background, nil, LoadOptions{})
	fails(t, err, ErrFormat)
}

func TestFactorsGoOutAndComeBack(t *testing.T) {
	data := newData(t, tastes(), CFDataOptions{})
	model, err := FitALS(background, data, ALSOptions{Factors: 8, Seed: 1})
	fitted(t, model, err)
	factors := must(model.Factors())
	users, items, err := model.IDs()
	check(t, err)
	equal(t, "users", slices.Equal(factors.UserID, users) && len(users) == 40, true)
	equal(t, "items", slices.Equal(factors.ItemID, items) && len(items) == 20, true)
	equal(t, "numbers", len(factors.Users)+len(factors.Items), 60*8)
	again, err := ModelOf(background, factors, data, ALSOptions{})
	fitted(t, again, err)
	want := must(model.Recommend(background, users, Query{}))
	got := must(again.Recommend(background, users, Query{}))
	equal(t, "ids", slices.Equal(got.IDs, want.IDs), true)
	dot := float64(0)
	for i, x := range factors.User(0) {
		dot += float64(x) * float64(factors.Item(0)[i])
	}
	_, scores := must(model.Rank(background, users[:1], nil, items[:1])).Row(0)
	equal(t, "score", scores[0], float32(dot))
	factors.Items[0] = 1e6 // a copy
	got = must(model.Recommend(background, users, Query{}))
	equal(t, "of the model", slices.Equal(got.Scores, want.Scores), true)
	itemsOnly := &Factors{N: factors.N, ItemID: factors.ItemID, Items: must(model.Factors()).Items}
	strangers, err := ModelOf(background, itemsOnly, nil, ALSOptions{})
	fitted(t, strangers, err)
	equal(t, "users", strangers.Info().Users, 0)
	equal(t, "count", must(strangers.RecommendHistory(background, Histories{Items: items[:2]}, Query{K: 3})).Counts[0], 3)
	for say, bad := range map[string]*Factors{
		"rows of N = 7": {N: 7, Items: make([]float32, 8)},
		"ItemID has 1":  {N: 4, Items: make([]float32, 8), ItemID: []uint64{1}},
		"nil":           nil,
	} {
		_, err := ModelOf(background, bad, nil, ALSOptions{})
		fails(t, err, ErrInvalid, say)
	}
	_, err = ModelOf(background, &Factors{N: 1, Items: []float32{float32(math.NaN())}}, nil, ALSOptions{})
	fails(t, err, ErrBadRow)
	popular, err := FitPopularity(background, data, PopularityOptions{})
	fitted(t, popular, err)
	_, err = popular.Factors()
	fails(t, err, ErrUnsupported)
}

func TestEachIterationIsTold(t *testing.T) {
	data := newData(t, tastes(), CFDataOptions{})
	var losses []float64
	each := func(iteration int, loss float64) bool {
		equal(t, "iteration", iteration, len(losses)+1)
		losses = append(losses, loss)
		return false
	}
	model, err := FitALS(background, data, ALSOptions{Factors: 4, Iterations: 6, Solver: SolverCholesky,
		Each: each})
	fitted(t, model, err)
	equal(t, "told", len(losses), 6)
	equal(t, "last", model.Info().FinalLoss, losses[5])
	for i := 1; i < len(losses); i++ {
		if losses[i] > losses[i-1] {
			t.Errorf("the loss rises: %v", losses)
		}
	}
	model, err = FitALS(background, data, ALSOptions{Factors: 4, Iterations: 6,
		Each: func(iteration int, _ float64) bool { return iteration == 2 }})
	fitted(t, model, err)
	equal(t, "iterations", model.Info().Iterations, 2)
	first := must(model.Factors())
	warm, err := FitALS(background, data, ALSOptions{Factors: 4, Iterations: 1, FirstUsers: first.Users,
		FirstItems: first.Items})
	fitted(t, warm, err)
	_, err = FitALS(background, data, ALSOptions{Factors: 4, FirstItems: first.Items[1:]})
	fails(t, err, ErrInvalid, "FirstItems")
}

func TestCanceledFit(t *testing.T) {
	data := newData(t, tastes(), CFDataOptions{})
	ctx, cancel := context.WithCancel(background)
	_, err := FitALS(ctx, data, ALSOptions{Each: func(int, float64) bool { cancel(); return false }})
	equal(t, "canceled", errors.Is(err, context.Canceled), true)
	model := newALS(t)
	_, err = model.Recommend(ctx, []uint64{1}, Query{})
	equal(t, "canceled", errors.Is(err, context.Canceled), true)
	_, err = model.Recommend(ctx, []uint64{1, 2}, Query{})
	equal(t, "canceled", errors.Is(err, context.Canceled), true)
}

func TestBadQuestions(t *testing.T) {
	model := newALS(t)
	one := []uint64{1}
	into := func(query Query, answer *Answer) error {
		return model.RecommendInto(background, one, &query, answer)
	}
	closedSet := newSet(t, 1)
	check(t, closedSet.Close())
	var none context.Context
	for say, err := range map[string]error{
		"K is -1":              into(Query{K: -1}, NewAnswer(1, 1)),
		"IDs has room for 9":   into(Query{}, NewAnswer(1, 9)),
		"Scores has room":      into(Query{K: 1}, &Answer{IDs: one, Scores: []float32{}, Counts: []int32{0}}),
		"Counts has room":      into(Query{K: 1}, &Answer{IDs: one}),
		"Reasons has room":     into(Query{K: 1}, &Answer{IDs: one, Counts: []int32{0}, Reasons: []Reason{}}),
		"the answer is nil":    into(Query{}, nil),
		"ExcludeAt has 1":      into(Query{ExcludeAt: []int64{0}}, NewAnswer(1, 10)),
		"ExcludeAt ends at 2":  into(Query{Exclude: one, ExcludeAt: []int64{0, 2}}, NewAnswer(1, 10)),
		"fallback":             into(Query{Fallback: 9}, NewAnswer(1, 10)),
		"the set is closed":    into(Query{Allow: closedSet}, NewAnswer(1, 10)),
		"At ends at 3":         second(model.RecommendHistory(background, Histories{At: []int64{0, 3}, Items: one}, Query{})),
		"expected one more":    second(model.FoldIn(background, Histories{At: []int64{}})),
		"there are rows":       second(model.RecommendHistory(background, Histories{At: []int64{}}, Query{})),
		"At has no entry":      model.FoldInInto(background, &Histories{At: []int64{}}, nil),
		"Weights has 2":        second(model.FoldIn(background, Histories{Items: one, Weights: []float32{1, 2}})),
		"room for 7 numbers":   model.FoldInInto(background, &Histories{Items: one}, make([]float32, 7)),
		"at has 0 entries":     second(model.Rank(background, []uint64{1, 2}, nil, one)),
		"the context is nil":   second(model.Recommend(none, one, Query{})),
		"K is 999999999999":    second(model.Recommend(background, one, Query{K: 999999999999})),
		"the number of thread": second(model.Recommend(background, one, Query{}, WithThreads(1<<40))),
	} {
		fails(t, err, ErrInvalid, say)
	}
	answer := must(model.Recommend(background, nil, Query{}))
	equal(t, "nobody", len(answer.Counts), 0)
	_, err := model.RecommendHistory(background,
		Histories{Items: one, Weights: []float32{float32(math.Inf(1))}}, Query{})
	fails(t, err, ErrBadRow)
	equal(t, "after all that", must(model.Recommend(background, one, Query{})).Counts[0], 10)
}

// Room for as many answers of each user as the largest K says would be a terabyte.
func TestAnyKNeedsNoMoreMemoryThanThereAreAnswers(t *testing.T) {
	model := newALS(t)
	users, items, err := model.IDs()
	check(t, err)
	twenty := must(model.Recommend(background, users, Query{K: 20}))
	for _, k := range []int{21, 1_000, math.MaxInt32} {
		query := Query{K: k}
		for name, got := range map[string]struct {
			answer      *Answer
			rows, parts int
			count       int32
		}{
			"users":     {must(model.Recommend(background, users, query)), 40, 20, 11},
			"items":     {must(model.SimilarItems(background, items, query)), 20, 20, 19},
			"alike":     {must(model.SimilarUsers(background, users, query)), 40, min(k, 40), min(int32(k), 39)},
			"histories": {must(model.RecommendHistory(background, Histories{Items: items[:1]}, query)), 1, 20, 19},
		} {
			equal(t, name, len(got.answer.IDs), got.rows*got.parts)
			equal(t, name, len(got.answer.Scores), got.rows*got.parts)
			for row := range got.rows {
				ids, scores := got.answer.Row(row)
				equal(t, name, len(ids), int(got.count))
				equal(t, name, len(scores), int(got.count))
			}
		}
		equal(t, "K stays", query.K, k)
		answer := must(model.Recommend(background, users, query))
		equal(t, "the same", slices.Equal(answer.IDs, twenty.IDs), true)
	}
	fails(t, second(model.Recommend(background, users, Query{K: math.MaxInt32 + 1})), ErrInvalid, "K is")
	fails(t, second(model.Recommend(background, users, Query{K: -1})), ErrInvalid, "K is -1")
	nothing := must(CFDataOf(background, &CFMatrix{At: []int64{0}}))
	empty, err := FitPopularity(background, nothing, PopularityOptions{})
	empty = fitted(t, empty, err)
	check(t, nothing.Close())
	equal(t, "of nothing", must(empty.Recommend(background, users, Query{K: math.MaxInt32})).Counts[39], 0)
}

func TestModelsThatAreClosed(t *testing.T) {
	model := newALS(t)
	data := newData(t, tastes(), CFDataOptions{})
	evaluation := must(Evaluate(background, model, data, EvaluateOptions{K: []int{1}, KeepSeen: true}))
	builder := must(NewCFBuilder(0))
	for range 2 {
		check(t, model.Close())
		check(t, data.Close())
		check(t, evaluation.Close())
		check(t, builder.Close())
	}
	equal(t, "info stays", model.Info().Kind, ModelALS)
	equal(t, "counts stay", data.Counts().Users, 40)
	for name, m := range map[string]*Model{"closed": model, "nil": nil, "zero": {}} {
		calls := map[string]error{
			"FoldInInto": m.FoldInInto(background, &Histories{}, make([]float32, 8)),
			"Save":       m.Save(background, filepath.Join(t.TempDir(), "x"), SaveOptions{}),
			"Verify":     m.Verify(background),
		}
		_, calls["Recommend"] = m.Recommend(background, []uint64{1}, Query{})
		_, calls["RecommendHistory"] = m.RecommendHistory(background, Histories{}, Query{})
		_, calls["SimilarItems"] = m.SimilarItems(background, []uint64{1}, Query{})
		_, calls["SimilarUsers"] = m.SimilarUsers(background, []uint64{1}, Query{})
		_, calls["Rank"] = m.Rank(background, []uint64{1}, nil, nil)
		_, calls["Factors"] = m.Factors()
		_, _, calls["IDs"] = m.IDs()
		_, calls["Evaluate"] = Evaluate(background, m, data, EvaluateOptions{})
		allClosed(t, name, calls)
		check(t, m.Close())
	}
	for name, d := range map[string]*CFData{"closed": data, "nil": nil, "zero": {}} {
		calls := map[string]error{}
		_, calls["FitALS"] = FitALS(background, d, ALSOptions{})
		_, calls["FitItemKNN"] = FitItemKNN(background, d, ItemKNNOptions{})
		_, calls["FitPopularity"] = FitPopularity(background, d, PopularityOptions{})
		_, calls["Matrix"] = d.Matrix()
		allClosed(t, name, calls)
		check(t, d.Close())
	}
	for name, b := range map[string]*CFBuilder{"closed": builder, "nil": nil, "zero": {}} {
		calls := map[string]error{}
		_, calls["Add"] = b.Add(background, EventsOf())
		_, calls["Build"] = b.Build(background, CFDataOptions{})
		allClosed(t, name, calls)
		equal(t, "Bytes", b.Bytes(), 0)
		check(t, b.Close())
	}
	for name, v := range map[string]*Evaluation{"closed": evaluation, "nil": nil, "zero": {}} {
		calls := map[string]error{}
		_, _, calls["Users"] = v.Users(MetricHit, 1)
		allClosed(t, name, calls)
		check(t, v.Close())
	}
}

// Readers ask the current model while a reloader replaces it: each sees one that is open.
func TestModelsAreSwappedUnderReaders(t *testing.T) {
	model := newALS(t)
	bytes := must(model.SaveBytes(background, SaveOptions{}))
	want, _ := must(model.Recommend(background, []uint64{1}, Query{K: 3})).Row(0)
	fresh := func() *Model { return must(LoadModelBytes(background, bytes, LoadOptions{})) }
	var live Live[*Model]
	live.Swap(fresh())
	defer live.Close()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var reads atomic.Int64
	for range 8 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			answer := NewAnswer(1, 3)
			for {
				select {
				case <-stop:
					return
				default:
				}
				current, release := live.Load()
				err := current.RecommendInto(background, []uint64{1}, &Query{K: 3}, answer)
				if ids, _ := answer.Row(0); err != nil || !slices.Equal(ids, want) {
					t.Errorf("a reader gets %v, %v; expected %v", ids, err, want)
				}
				release()
				reads.Add(1)
			}
		}()
	}
	for range 1_000 {
		live.Swap(fresh())
	}
	for reads.Load() < 1_000 {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	readers.Wait()
}

// Goroutines share one model, and close it in the middle.
func TestModelUnderManyGoroutines(t *testing.T) {
	model := newALS(t)
	want := must(model.Recommend(background, []uint64{7}, Query{}))
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			answer := NewAnswer(1, 10)
			for {
				err := model.RecommendInto(background, []uint64{7}, &Query{}, answer)
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil || !slices.Equal(answer.IDs, want.IDs) {
					t.Errorf("got %v, %v; expected %v", answer.IDs, err, want.IDs)
					return
				}
			}
		}()
	}
	time.Sleep(20 * time.Millisecond)
	check(t, model.Close())
	group.Wait()
}

func TestAskingAModelAllocatesNothing(t *testing.T) {
	model := newALS(t)
	users, items := []uint64{1}, []uint64{101, 115, 102}
	ctx, cancel := context.WithCancel(background) // as that of a request is
	defer cancel()
	// Looking at a context allocates nothing either, but in a build with AddressSanitizer.
	ofContext := testing.AllocsPerRun(200, func() { _ = ctx.Err() })
	deny := newSet(t, 104)
	query := &Query{K: 5, Deny: deny, Exclude: []uint64{103}, Fallback: FallbackPopular}
	history := &Histories{Items: items}
	answer, factors := NewAnswer(1, 5), make([]float32, 8)
	for name, ask := range map[string]func() error{
		"RecommendInto":        func() error { return model.RecommendInto(ctx, users, query, answer) },
		"RecommendHistoryInto": func() error { return model.RecommendHistoryInto(ctx, history, query, answer) },
		"SimilarItemsInto":     func() error { return model.SimilarItemsInto(ctx, items[:1], query, answer) },
		"SimilarUsersInto":     func() error { return model.SimilarUsersInto(ctx, users, query, answer) },
		"FoldInInto":           func() error { return model.FoldInInto(ctx, history, factors) },
		"RankInto":             func() error { return model.RankInto(ctx, users, nil, items, answer) },
	} {
		equal(t, name, testing.AllocsPerRun(200, func() { check(t, ask()) }), ofContext)
	}
}

func BenchmarkRecommendInto(b *testing.B) {
	model := newALS(b)
	users, query, answer := []uint64{1}, &Query{}, NewAnswer(1, 10)
	b.ReportAllocs()
	for b.Loop() {
		check(b, model.RecommendInto(background, users, query, answer))
	}
}

func BenchmarkRecommendIntoParallel(b *testing.B) {
	model := newALS(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		users, query, answer := []uint64{1}, &Query{}, NewAnswer(1, 10)
		for pb.Next() {
			check(b, model.RecommendInto(background, users, query, answer))
		}
	})
}
