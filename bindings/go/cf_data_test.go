package pmkt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

func behavior() *Events {
	return EventsOf(
		Event{User: 2, Item: 8, Kind: KindView, Time: day("2026-01-01")},
		Event{User: 1, Item: 9, Kind: KindOrder, Time: day("2026-01-03"), Category: 3},
		Event{User: 1, Item: 8, Kind: KindView, Time: day("2026-01-02")},
		Event{User: 1, Item: 8, Kind: KindCart, Time: day("2026-01-02")},
		Event{User: 2, Item: 9, Kind: KindRefund, Time: day("2026-01-03")},
		Event{User: 3, Kind: KindView, Time: day("2026-01-03")},
		Event{User: 3, Item: 7, Kind: KindPay, Time: day("2026-01-03")},
	)
}

func ExampleNewCFData() {
	data, report, err := NewCFData(context.Background(), behavior(), CFDataOptions{})
	if err != nil {
		panic(err)
	}
	defer data.Close()
	matrix, _ := data.Matrix()
	fmt.Println(report.Accepted, "rows;", data.Counts().NoItem, "without an item")
	for row, user := range matrix.UserID {
		for at := matrix.At[row]; at < matrix.At[row+1]; at++ {
			fmt.Println("user", user, "item", matrix.ItemID[matrix.Item[at]], "weight", matrix.Weight[at])
		}
	}
	// Output:
	// 5 rows; 1 without an item
	// user 1 item 8 weight 5
	// user 1 item 9 weight 10
	// user 2 item 8 weight 1
	// user 2 item 9 weight -10
}

func TestOptionsOfData(t *testing.T) {
	weight := func(options CFDataOptions, user, item uint64) float64 {
		t.Helper()
		m := must(newData(t, behavior(), options).Matrix())
		row := slices.Index(m.UserID, user)
		for at := m.At[row]; at < m.At[row+1]; at++ {
			if m.ItemID[m.Item[at]] == item {
				return float64(m.Weight[at])
			}
		}
		return math.NaN()
	}
	equal(t, "weights", weight(CFDataOptions{Weights: map[Kind]float64{KindView: 2.5, KindOrder: 7}}, 1, 8), 6.5)
	equal(t, "log", weight(CFDataOptions{Scale: ScaleLog}, 1, 9), float64(float32(math.Log1p(10))))
	old := weight(CFDataOptions{HalfLife: 24 * time.Hour, AsOf: day("2026-01-04")}, 2, 8)
	equal(t, "half-life", old, 1./8)
	data := newData(t, behavior(), CFDataOptions{Since: day("2026-01-02"), AsOf: day("2026-01-03"),
		Users: newSet(t, 1), OnlyWeights: true, Weights: map[Kind]float64{KindCart: 4}})
	counts := data.Counts()
	equal(t, "entries", counts.Entries, 1)
	equal(t, "rows", counts.Rows, 1)
	equal(t, "as of", counts.AsOf, day("2026-01-03"))
	equal(t, "capped", newData(t, behavior(), CFDataOptions{MaxItemsPerUser: 1}).Counts().Capped, 2)
	equal(t, "default of an order", DefaultWeight(KindOrder), 10)
	equal(t, "default of a payment", DefaultWeight(KindPay), 0)
	for say, options := range map[string]CFDataOptions{
		"scale":     {Scale: 9},
		"HalfLife":  {HalfLife: time.Microsecond},
		"half_life": {HalfLife: -time.Hour},
		"weight":    {Weights: map[Kind]float64{KindView: math.NaN()}},
		"max_items": {MaxItemsPerUser: -1},
	} {
		_, _, err := NewCFData(background, behavior(), options)
		fails(t, err, ErrInvalid, say)
	}
	closedSet := newSet(t, 1)
	check(t, closedSet.Close())
	_, _, err := NewCFData(background, behavior(), CFDataOptions{Users: closedSet})
	equal(t, "a closed set", errors.Is(err, ErrClosed), true)
	_, _, err = NewCFData(background, nil, CFDataOptions{})
	fails(t, err, ErrInvalid, "nil")
	empty := newData(t, EventsOf(), CFDataOptions{})
	equal(t, "empty", empty.Counts().Users, 0)
	equal(t, "rows", must(empty.Matrix()).Rows(), 0)
}

func TestBuilderEqualsOneBatch(t *testing.T) {
	all := tastes()
	builder := must(NewCFBuilder(0))
	defer builder.Close()
	parts := make([]Part, all.Len())
	for i := range parts {
		parts[i] = Part(i % 3)
	}
	for part := range Part(3) {
		report, err := builder.Add(background, must(all.Only(parts, part)))
		check(t, err)
		equal(t, "accepted", report.Accepted, 120)
	}
	equal(t, "bytes", builder.Bytes() > 0, true)
	options := CFDataOptions{HalfLife: time.Hour}
	made := must(builder.Build(background, options, WithThreads(2)))
	defer made.Close()
	equal(t, "hash", made.Counts().Hash, newData(t, all, options).Counts().Hash)
	_, err := builder.Add(background, nil)
	fails(t, err, ErrInvalid, "nil")
	limited := must(NewCFBuilder(100))
	defer limited.Close()
	_, err = limited.Add(background, all)
	fails(t, err, ErrLimit)
}

func TestMatricesGoInAndOut(t *testing.T) {
	matrix := &CFMatrix{Columns: 3, At: []int64{0, 2, 2, 5}, Item: []int32{2, 0, 1, 1, 0},
		Weight: []float32{1, 2, 3, 4, 5}, UserID: []uint64{30, 20, 10}, ItemID: []uint64{7, 8, 9},
		Category: []uint64{1, IDNone, 2}}
	data := must(CFDataOf(background, matrix))
	defer data.Close()
	check(t, data.Borrow(func(byUser, byItem *CFMatrix) error {
		equal(t, "by user", fmt.Sprint(*byUser),
			"{3 [0 2 2 4] [0 1 0 2] [5 7 2 1] [10 20 30] [7 8 9] [1 0 2]}")
		equal(t, "by item", fmt.Sprint(byItem.At, byItem.Item, byItem.Weight),
			"[0 2 3 4] [0 2 0 2] [5 2 7 1]")
		return nil
	}))
	plain := must(CFDataOf(background, &CFMatrix{Columns: 2, At: []int64{0, 1}, Item: []int32{1}}))
	defer plain.Close()
	equal(t, "ids", fmt.Sprint(must(plain.Matrix()).ItemID), "[1 2]")
	for say, bad := range map[string]*CFMatrix{
		"the matrix is nil": nil,
		"Item has 1":        {Columns: 2, At: []int64{0, 2}, Item: []int32{1}},
		"Weight has 1":      {Columns: 2, At: []int64{0, 2}, Item: []int32{1, 1}, Weight: []float32{1}},
		"UserID has 2":      {Columns: 2, At: []int64{0, 1}, Item: []int32{1}, UserID: []uint64{1, 2}},
		"Item has 0":        {Columns: 2, At: []int64{0, -1}},
	} {
		_, err := CFDataOf(background, bad)
		fails(t, err, ErrInvalid, say)
	}
	_, err := CFDataOf(background, &CFMatrix{Columns: 2, At: []int64{0, 1}, Item: []int32{2}})
	equal(t, "where", fails(t, err, ErrBadRow).Where, 0)
}
