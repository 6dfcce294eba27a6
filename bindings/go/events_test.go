package pmkt

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func ExampleEvents() {
	batch := &Events{
		User:   []uint64{7, 7, 9},
		Time:   []int64{1_767_614_400_000, 1_768_901_400_000, TimeNull},
		Amount: []int64{25_000, 19_900, 4_900},
		OnBad:  OnBadSkip, // every row is an order, for there is no Kind
	}
	report, err := batch.Check()
	fmt.Println(report, err)
	fmt.Println(report.RejectedRows())
	// Output:
	// 3 rows: 2 accepted, 1 rejected (1 no time, or outside the years 1700 to 2999) <nil>
	// [2]
}

func ExampleEvents_Append() {
	var batch Events
	batch.Append(
		Event{User: 7, Kind: KindOrder, Order: 1, Amount: 25_000, Time: day("2026-01-05 12:00")},
		Event{User: 7, Kind: KindCancel, Order: 1, Time: day("2026-01-06")},
	)
	fmt.Println(batch.Len(), batch.Kind, batch.Amount[1] == AmountNull)
	// Output: 2 [order cancel] true
}

func TestKindNames(t *testing.T) {
	for kind := KindNone + 1; kind < KindCount; kind++ {
		equal(t, kind.String(), KindOf(kind.String()), kind)
	}
	equal(t, "custom", Kind(300).String(), "custom")
	equal(t, "reserved", Kind(100).String(), "kind 100")
	for _, name := range []string{"", "Order", "order\x00", "custom"} {
		equal(t, name, KindOf(name), KindNone)
	}
}

func TestReasonNames(t *testing.T) {
	equal(t, "BadUser", BadUser.String(), "no user")
	equal(t, "beyond", BadReason(15).String(), "reason 15")
}

func TestEveryColumnReachesTheLibrary(t *testing.T) {
	batch := &Events{
		User: []uint64{1, 2}, Time: []int64{1, 2}, Kind: []Kind{KindOrder, KindView},
		Item: []uint64{1, 0}, Category: []uint64{1, 0}, Order: []uint64{1, 0},
		Session: []uint64{1, 0}, Channel: []uint64{1, 0}, EventID: []uint64{1, 0},
		Amount: []int64{5, AmountNull}, Quantity: []int64{1, QuantityNull},
		Reject: []uint8{0, 0}, Currency: "CNY", CurrencyExponent: 2,
		Extra: []Column{{Name: "a", Int64: []int64{1, 2}}, {Name: "b", Uint64: []uint64{1, 2}},
			{Name: "c", Double: []float64{1, math.NaN()}}},
	}
	report, err := batch.Check()
	check(t, err)
	equal(t, "accepted", report.Accepted, 2)
	equal(t, "FirstBad", report.FirstBad, -1)
	equal(t, "rejected rows", len(report.RejectedRows()), 0)

	batch.Reject[1] = 1 + uint8(BadValue)
	batch.OnBad = OnBadSkip
	report, err = batch.Check()
	check(t, err)
	equal(t, "by reason", report.ByReason[BadValue], 1)
	equal(t, "FirstBad", report.FirstBad, 1)
	equal(t, "IsRejected(0)", report.IsRejected(0), false)
	equal(t, "IsRejected(1)", report.IsRejected(1), true)
	for _, row := range []int{-1, 2, 8, 1 << 40} {
		equal(t, "IsRejected beyond", report.IsRejected(row), false)
	}
}

func TestBatchesThatAreMalformed(t *testing.T) {
	two := []int64{1, 2}
	for say, batch := range map[string]*Events{
		"Time has 1 rows":   {User: []uint64{1, 2}, Time: []int64{1}},
		"User has 1 rows":   {User: []uint64{1}, Time: two},
		"events.user":       {Time: two},
		"events.time":       {User: []uint64{1}},
		"Kind has 1":        {User: []uint64{1, 2}, Time: two, Kind: []Kind{KindView}},
		"Amount has 3":      {User: []uint64{1, 2}, Time: two, Amount: []int64{1, 2, 3}},
		"weight has 1":      {User: []uint64{1, 2}, Time: two, Extra: []Column{{"weight", two[:1], nil, nil}}},
		"needs a name":      {User: []uint64{1, 2}, Time: two, Extra: []Column{{Name: "weight"}}},
		"two columns":       {User: []uint64{1, 2}, Time: two, Extra: []Column{{"a", two, nil, nil}, {"a", two, nil, nil}}},
		"holds a NUL":       {User: []uint64{1, 2}, Time: two, Extra: []Column{{"a\x00", two, nil, nil}}},
		"every_kind":        {User: []uint64{1, 2}, Time: two, EveryKind: 100},
		"on_bad is 7":       {User: []uint64{1, 2}, Time: two, OnBad: 7},
		"three capital":     {User: []uint64{1, 2}, Time: two, Currency: "cny"},
		"expected a code":   {User: []uint64{1, 2}, Time: two, Currency: "renminbi"},
		"currency_exponent": {User: []uint64{1, 2}, Time: two, Currency: "CNY", CurrencyExponent: 9},
		"CurrencyExponent":  {User: []uint64{1, 2}, Time: two, Currency: "CNY", CurrencyExponent: 1 << 40},
		"no currency":       {User: []uint64{1, 2}, Time: two, CurrencyExponent: 2},
	} {
		_, err := batch.Check()
		fails(t, err, ErrInvalid, say)
	}
}

func TestReportOfABatchThatFails(t *testing.T) {
	batch := EventsOf(order(1, 1, "2026-01-01", 5), Event{User: 2}, order(0, 2, "2026-01-01", 5))
	report, err := batch.Check()
	equal(t, "Where", fails(t, err, ErrBadRow).Where, 1)
	equal(t, "rejected", report.Rejected, 2)
	equal(t, "report", report.String(), "3 rows: 0 accepted, 2 rejected "+
		"(1 no user; 1 no time, or outside the years 1700 to 2999)")
}

func TestEmptyBatch(t *testing.T) {
	report, err := (&Events{}).Check()
	check(t, err)
	equal(t, "rows", report.Rows, 0)
	equal(t, "report", report.String(), "0 rows: 0 accepted")
}

func TestAppendFillsColumnsThatComeLate(t *testing.T) {
	var batch Events
	at := day("2026-01-01")
	batch.Append(Event{User: 1, Time: at, Kind: KindView}, Event{User: 2, Kind: KindView})
	if batch.Item != nil || batch.Quantity != nil || batch.Order != nil {
		t.Errorf("%v has columns that nothing stands in", batch)
	}
	batch.Append(Event{User: 3, Time: at, Kind: KindOrder, Item: 5, Quantity: 2, Order: 9, Amount: 1,
		Category: 6, Session: 7, Channel: 8, EventID: 10})
	batch.Append(Event{User: 4, Time: at, Kind: KindCancel, Amount: 3})
	want := Events{
		User:     []uint64{1, 2, 3, 4},
		Time:     []int64{at.UnixMilli(), TimeNull, at.UnixMilli(), at.UnixMilli()},
		Kind:     []Kind{KindView, KindView, KindOrder, KindCancel},
		Item:     []uint64{0, 0, 5, 0},
		Category: []uint64{0, 0, 6, 0},
		Order:    []uint64{0, 0, 9, 0},
		Session:  []uint64{0, 0, 7, 0},
		Channel:  []uint64{0, 0, 8, 0},
		EventID:  []uint64{0, 0, 10, 0},
		Amount:   []int64{0, 0, 1, 3},
		Quantity: []int64{QuantityNull, QuantityNull, 2, QuantityNull},
	}
	equal(t, "batch", fmt.Sprintf("%+v", batch), fmt.Sprintf("%+v", want))
	batch.Reset()
	equal(t, "rows", batch.Len(), 0)
	check(t, second(batch.Check()))
	batch.Append(Event{User: 1, Time: at, Kind: KindView}, Event{User: 1, Time: at, Item: 3, Kind: KindView})
	if !slices.Equal(batch.Item, []uint64{0, 3}) {
		t.Errorf("items after a reset are %v", batch.Item)
	}
	check(t, second(batch.Check()))
}

func second[T any](_ T, err error) error { return err }

func TestTimesOfEvents(t *testing.T) {
	loc := time.FixedZone("here", 3600)
	batch := EventsOf(Event{Time: time.Date(1970, 1, 1, 1, 0, 1, 999_999, loc)})
	equal(t, "cut to milliseconds", batch.Time[0], 1_000)
	batch = EventsOf(Event{Time: time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC)})
	equal(t, "before 1970", batch.Time[0], -1)
}

func TestReportListsItsReasons(t *testing.T) {
	report := Report{Rows: 9, Accepted: 3, Rejected: 4, Ignored: 2}
	report.ByReason[BadKind], report.ByReason[BadID] = 1, 3
	text := report.String()
	equal(t, "text", text, "9 rows: 3 accepted, 4 rejected (1 unknown kind; 3 not an id), "+
		"2 ignored (users forgotten)")
	equal(t, "reasons", strings.Count(text, ";"), 1)
}
