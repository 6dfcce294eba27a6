package pmkt

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// arrowStream is an ArrowArrayStream: four functions and a pointer.
type arrowStream [5]uintptr

func (s *arrowStream) at() unsafe.Pointer { return unsafe.Pointer(s) }

func (s *arrowStream) released() bool { return s[3] == 0 }

func exported(t testing.TB, scores *Scores, options ArrowOptions) *arrowStream {
	t.Helper()
	var out arrowStream
	check(t, scores.Arrow(out.at(), options))
	equal(t, "released", out.released(), false)
	return &out
}

// Scores go out as a stream, and the library itself reads it back: as ids, as items and as events.
// Tests with another producer are in internal/arrowtest.
func TestScoresOutAndInAgain(t *testing.T) {
	dictionary, ids := newIDs(t, "alice", "bob")
	events := []Event{order(ids[0], 1, "2026-01-01", 5_000), order(ids[1], 2, "2026-01-02", 7_000)}
	scores := scored(t, newRFM(t, RFMOptions{}, events...), "2026-02-01", ScoreOptions{})
	columns := must(scores.Columns())

	got := make([]uint64, 2)
	for _, options := range []ArrowOptions{{Raw: true}, {IDs: dictionary}, {}} {
		stream := exported(t, scores, options)
		equal(t, "ids", must(ArrowIDs(background, stream.at(), "user", dictionary, got)), 2)
		equal(t, "released", stream.released(), true)
		if !slices.Equal(got, columns.User) {
			t.Errorf("ids are %v; expected %v", got, columns.User)
		}
	}

	stream := exported(t, scores, ArrowOptions{IDs: dictionary})
	items := must(OpenArrowItems(stream.at(),
		ArrowItemColumns{Item: "user", Category: "tier", Price: "revenue", Items: dictionary}))
	batch := must(items.Next(background))
	equal(t, "price", batch.Price[0], columns.Revenue[0])
	equal(t, "tier", batch.Category[0], IDOf("silver"))
	_, err := items.Next(background)
	equal(t, "at the end", err, io.EOF)
	check(t, items.Close())

	stream = exported(t, scores, ArrowOptions{Raw: true})
	zone := Zone{OffsetMinutes: 60}
	reader := must(OpenArrowEvents(stream.at(), ArrowColumns{User: "user", Time: "orders",
		TimeUnit: UnitSeconds, AmountMinor: "revenue", Kind: "lifecycle", Zone: &zone,
		KindNumbers: map[int64]Kind{LifecycleGrowth: KindCustom}, Extra: []string{"tier"}}))
	seen := 0
	for batch, err := range reader.Batches(background, WithThreads(1)) {
		check(t, err)
		equal(t, "time", batch.Time[0], 1_000)
		equal(t, "kind", batch.Kind[1], KindCustom)
		equal(t, "amount", batch.Amount[1], columns.Revenue[1])
		equal(t, "extra", batch.Extra[0].Name, "tier")
		equal(t, "extra", batch.Extra[0].Int64[0], 0)
		seen += batch.Len()
	}
	equal(t, "rows", seen, 2)
	equal(t, "rows at the end", must(reader.All(background)).Len(), 0)
	check(t, reader.Close())
	check(t, reader.Close())
	_, err = reader.Next(background)
	allClosed(t, "closed", map[string]error{"Next": err})
}

func TestArrowCallsThatAreRefused(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}, shop()...), "2026-02-01", ScoreOptions{})
	closedIDs, _ := newIDs(t)
	check(t, closedIDs.Close())
	for say, columns := range map[string]ArrowColumns{
		"time":      {User: "user"},
		"nobody":    {User: "nobody", Time: "orders"},
		"NUL":       {User: "a\x00", Time: "orders"},
		"Decimals":  {User: "user", Time: "orders", Decimals: 1 << 40},
		"decimals":  {User: "user", Time: "orders", Decimals: 9},
		"currency":  {User: "user", Time: "orders", Currency: "renminbi"},
		"offset":    {User: "user", Time: "orders", Zone: &Zone{OffsetMinutes: 1 << 40}},
		"is closed": {User: "user", Time: "orders", Users: closedIDs},
	} {
		stream := exported(t, scores, ArrowOptions{Raw: true})
		_, err := OpenArrowEvents(stream.at(), columns)
		fails(t, err, ErrInvalid, say)
		equal(t, "released: "+say, stream.released(), true)
	}
	for say, columns := range map[string]ArrowItemColumns{
		"item": {}, "NUL": {Item: "user", Extra: []string{"\x00"}},
		"is closed": {Item: "user", Names: closedIDs},
	} {
		stream := exported(t, scores, ArrowOptions{Raw: true})
		_, err := OpenArrowItems(stream.at(), columns)
		fails(t, err, ErrInvalid, say)
		equal(t, "released: "+say, stream.released(), true)
	}
	for say, name := range map[string]string{"NUL": "a\x00", "nobody": "nobody"} {
		stream := exported(t, scores, ArrowOptions{Raw: true})
		_, err := ArrowIDs(background, stream.at(), name, nil, make([]uint64, 9))
		fails(t, err, ErrInvalid, say)
		equal(t, "released: "+say, stream.released(), true)
	}
	stream := exported(t, scores, ArrowOptions{Raw: true})
	_, err := ArrowIDs(background, stream.at(), "user", closedIDs, make([]uint64, 9))
	allClosed(t, "closed", map[string]error{"ArrowIDs": err})
	equal(t, "released", stream.released(), true)
	_, err = OpenArrowEvents(nil, ArrowColumns{User: "user", Time: "orders"})
	fails(t, err, ErrInvalid)
	var out arrowStream
	allClosed(t, "closed", map[string]error{"Arrow": scores.Arrow(out.at(), ArrowOptions{IDs: closedIDs})})
	check(t, scores.Close())
	allClosed(t, "closed", map[string]error{"Arrow": scores.Arrow(out.at(), ArrowOptions{})})
	equal(t, "untouched", out, arrowStream{})
}

// A dictionary that a reader uses stays open under it, and is anybody's between two batches.
func TestReaderKeepsItsDictionaries(t *testing.T) {
	names, other := must(NewIDs(IDsOptions{})), must(NewIDs(IDsOptions{}))
	texts, ids := newIDs(t, "alice")
	scores := scored(t, newRFM(t, RFMOptions{}, order(ids[0], 1, "2026-01-01", 100)), "2026-02-01",
		ScoreOptions{})
	stream := exported(t, scores, ArrowOptions{IDs: texts})
	reader := must(OpenArrowEvents(stream.at(), ArrowColumns{User: "user", Time: "orders",
		Item: "tier", Users: names, Names: other}))
	check(t, other.Close())
	check(t, second(reader.Next(background)))
	name, known := names.Name(ids[0])
	equal(t, "known", known, true)
	equal(t, "name", name, "alice")
	check(t, names.Close())
	check(t, second(reader.All(background)))
	check(t, reader.Close())
	_, err := names.Encode(background, nil)
	equal(t, "closed", errors.Is(err, ErrClosed), true)
	var nobody *ArrowEvents
	_, err = nobody.Next(background)
	allClosed(t, "nil", map[string]error{"Next": err})
	check(t, nobody.Close())
	_, err = (&ArrowItems{}).All(background)
	allClosed(t, "zero", map[string]error{"All": err})
}

// A lent batch keeps its reader, though nobody else does.
func TestLentBatchKeepsItsReader(t *testing.T) {
	scores := scored(t, newRFM(t, RFMOptions{}, shop()...), "2026-02-01", ScoreOptions{})
	lend := func() (*Events, *handle) {
		stream := exported(t, scores, ArrowOptions{})
		reader := must(OpenArrowEvents(stream.at(), ArrowColumns{User: "user", Time: "orders"}))
		return must(reader.All(background)), reader.reader.h
	}
	batch, h := lend()
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	equal(t, "state of the reader", h.uses.Load(), 0)
	report, err := newRFM(t, RFMOptions{Unpriced: true}).Add(background, batch)
	check(t, err)
	equal(t, "accepted", report.Accepted, 4)
	batch = nil
	for deadline := time.Now().Add(10 * time.Second); h.uses.Load()&handleFreed == 0; {
		if time.Now().After(deadline) {
			t.Fatal("a reader that nobody has was never freed")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
