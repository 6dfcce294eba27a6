package arrowtest

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/cdata"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/arrow/memory/mallocator"

	"libpmkt/pmkt"
)

var background = context.Background()

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v; expected %v", what, got, want)
	}
}

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "customer", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	{Name: "total", Type: &arrow.Decimal128Type{Precision: 12, Scale: 3}, Nullable: true},
	{Name: "what", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8,
		ValueType: arrow.BinaryTypes.String}},
	{Name: "order", Type: arrow.PrimitiveTypes.Int32},
	{Name: "weight", Type: arrow.PrimitiveTypes.Float64},
}, nil)

var columns = pmkt.ArrowColumns{User: "customer", Time: "at", Amount: "total", Kind: "what",
	Order: "order", Extra: []string{"weight"}, Kinds: map[string]pmkt.Kind{
		"buy": pmkt.KindOrder, "look": pmkt.KindView}, Currency: "CNY"}

type row struct {
	customer string // "" is null
	at       string
	thousand int64 // the total in thousandths
	what     string
	order    int32
}

var rows = []row{
	{"alice", "2026-01-05T12:00:00Z", 250_004, "buy", 1},
	{"alice", "2026-01-20T09:30:00Z", 199_005, "buy", 2},
	{"bob", "2025-06-01T00:00:00Z", 49_000, "buy", 3},
	{"eve", "2026-01-30T00:00:00Z", 0, "look", 0},
}

// stream exports chunks of rows as the Arrow C stream interface does. The allocator counts what is
// still held, and takes C's memory: arrow-go hands its buffers to C as they are, and those of Go must
// not stay there.
func stream(t testing.TB, chunks ...[]row) (*cdata.CArrowArrayStream, *memory.CheckedAllocator) {
	t.Helper()
	allocator := memory.NewCheckedAllocator(mallocator.NewMallocator())
	var batches []arrow.RecordBatch
	for _, chunk := range chunks {
		builder := array.NewRecordBuilder(allocator, schema)
		for _, r := range chunk {
			if r.customer == "" {
				builder.Field(0).AppendNull()
			} else {
				builder.Field(0).(*array.StringBuilder).Append(r.customer)
			}
			at, err := time.Parse(time.RFC3339, r.at)
			check(t, err)
			builder.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMicro()))
			builder.Field(2).(*array.Decimal128Builder).Append(decimal128.FromI64(r.thousand))
			check(t, builder.Field(3).(*array.BinaryDictionaryBuilder).AppendString(r.what))
			builder.Field(4).(*array.Int32Builder).Append(r.order)
			builder.Field(5).(*array.Float64Builder).Append(float64(r.order) / 2)
		}
		batches = append(batches, builder.NewRecordBatch())
		builder.Release()
	}
	reader, err := array.NewRecordReader(schema, batches)
	check(t, err)
	for _, batch := range batches {
		batch.Release()
	}
	out := &cdata.CArrowArrayStream{}
	cdata.ExportRecordReader(reader, out)
	reader.Release()
	return out, allocator
}

func day(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := pmkt.Zone{}.Parse(text)
	check(t, err)
	return at
}

// Scored through Arrow, in several chunks, with the customers' names.
func TestEventsFromArrowGo(t *testing.T) {
	names, err := pmkt.NewIDs(pmkt.IDsOptions{})
	check(t, err)
	defer names.Close()
	source, held := stream(t, rows[:1], nil, rows[1:])
	wanted := columns
	wanted.Users, wanted.Names = names, names
	reader, err := pmkt.OpenArrowEvents(unsafe.Pointer(source), wanted)
	check(t, err)
	rfm, err := pmkt.NewRFM(pmkt.RFMOptions{})
	check(t, err)
	defer rfm.Close()
	batches := 0
	for batch, err := range reader.Batches(background) {
		check(t, err)
		report, err := rfm.Add(background, batch)
		check(t, err)
		equal(t, "accepted", report.Accepted, int64(batch.Len()))
		equal(t, "currency", batch.Currency, "CNY")
		equal(t, "extra", batch.Extra[0].Double[0], float64(batch.Order[0])/2)
		batches++
	}
	equal(t, "batches", batches, 2)
	_, err = reader.Next(background)
	equal(t, "after the end", err, io.EOF)
	check(t, reader.Close())
	held.AssertSize(t, 0)

	scores, err := rfm.Score(background, day(t, "2026-02-01"), pmkt.ScoreOptions{})
	check(t, err)
	defer scores.Close()
	alice, _ := scores.Lookup(pmkt.IDOf("alice"))
	equal(t, "orders", alice.Orders, 2)
	equal(t, "revenue, rounded half away from zero", alice.Revenue, 25_000+19_901)
	name, known := names.Name(alice.User)
	equal(t, "name", name, "alice")
	equal(t, "known", known, true)
	scoresToArrowGo(t, scores, names)
}

// The answer as arrow-go reads it; the scores may be closed meanwhile.
func scoresToArrowGo(t *testing.T, scores *pmkt.Scores, names *pmkt.IDs) {
	t.Helper()
	for _, options := range []pmkt.ArrowOptions{{IDs: names}, {Raw: true}} {
		var out cdata.CArrowArrayStream
		check(t, scores.Arrow(unsafe.Pointer(&out), options))
		back, err := cdata.ImportCRecordReader(&out, nil)
		check(t, err)
		customers := map[string]int64{}
		for {
			batch, err := back.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			check(t, err)
			users := batch.Column(0)
			orders := batch.Column(batch.Schema().FieldIndices("orders")[0]).(*array.Int64)
			for i := range int(batch.NumRows()) {
				customers[users.ValueStr(i)] = orders.Value(i)
			}
			batch.Release()
		}
		equal(t, "customers", len(customers), 3)
		if !options.Raw {
			equal(t, "orders of alice", customers["alice"], 2)
			equal(t, "orders of eve", customers["eve"], 0)
		}
		if closer, ok := back.(interface{ Release() }); ok {
			closer.Release()
		}
	}
}

// However a reader ends, the stream is released, once.
func TestStreamsAreReleased(t *testing.T) {
	bad := columns
	bad.User = "nobody"
	broken := columns
	broken.Time = "a\x00b"
	closed, err := pmkt.NewIDs(pmkt.IDsOptions{})
	check(t, err)
	check(t, closed.Close())
	gone := columns
	gone.Users = closed
	for name, columns := range map[string]pmkt.ArrowColumns{"bad": bad, "broken": broken, "gone": gone} {
		source, held := stream(t, rows)
		_, err := pmkt.OpenArrowEvents(unsafe.Pointer(source), columns)
		if !errors.Is(err, pmkt.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
		held.AssertSize(t, 0)
	}

	source, held := stream(t, rows[:1], rows[1:])
	reader, err := pmkt.OpenArrowEvents(unsafe.Pointer(source), columns)
	check(t, err)
	_, err = reader.Next(background)
	check(t, err)
	check(t, reader.Close()) // in the middle
	held.AssertSize(t, 0)
	_, err = reader.Next(background)
	if !errors.Is(err, pmkt.ErrClosed) {
		t.Errorf("got %v", err)
	}

	source, held = stream(t, rows[:2], []row{{"", "2026-01-01T00:00:00Z", 1, "lick", 9}})
	reader, err = pmkt.OpenArrowEvents(unsafe.Pointer(source), columns)
	check(t, err)
	_, err = reader.All(background)
	var failure *pmkt.Error
	if !errors.As(err, &failure) || failure.Code != pmkt.ErrBadRow {
		t.Fatalf("got %v", err)
	}
	equal(t, "where", failure.Where, 2)
	check(t, reader.Close())
	held.AssertSize(t, 0)

	ctx, cancel := context.WithCancel(background)
	cancel()
	source, held = stream(t, rows)
	ids := make([]uint64, len(rows))
	if _, err = pmkt.ArrowIDs(ctx, unsafe.Pointer(source), "customer", nil, ids); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	held.AssertSize(t, 0)
}

func TestIDsFromArrowGo(t *testing.T) {
	names, err := pmkt.NewIDs(pmkt.IDsOptions{})
	check(t, err)
	defer names.Close()
	source, held := stream(t, rows[:2], rows[2:])
	ids := make([]uint64, len(rows))
	n, err := pmkt.ArrowIDs(background, unsafe.Pointer(source), "customer", names, ids)
	check(t, err)
	held.AssertSize(t, 0)
	equal(t, "rows", n, len(rows))
	for i, row := range rows {
		equal(t, "id", ids[i], pmkt.IDOf(row.customer))
	}
	name, _ := names.Name(ids[2])
	equal(t, "name", name, "bob")
	source, held = stream(t, rows)
	_, err = pmkt.ArrowIDs(background, unsafe.Pointer(source), "customer", nil, ids[:1])
	if !errors.Is(err, pmkt.ErrLimit) {
		t.Errorf("got %v", err)
	}
	held.AssertSize(t, 0)
}

func TestItemsFromArrowGo(t *testing.T) {
	source, held := stream(t, rows[1:3])
	reader, err := pmkt.OpenArrowItems(unsafe.Pointer(source), pmkt.ArrowItemColumns{Item: "customer",
		Category: "order", Price: "total", Extra: []string{"weight"}, Currency: "CNY"})
	check(t, err)
	items, err := reader.All(background)
	check(t, err)
	equal(t, "items", items.Len(), 2)
	equal(t, "item", items.Item[1], pmkt.IDOf("bob"))
	equal(t, "category", items.Category[1], 3)
	equal(t, "price", items.Price[0], 19_901)
	equal(t, "extra", items.Extra[0].Double[1], 1.5)
	_, err = items.Check()
	check(t, err)
	items, err = reader.All(background)
	check(t, err)
	equal(t, "items at the end", items.Len(), 0)
	for range reader.Batches(background) {
		t.Error("there is a batch after the end")
	}
	check(t, reader.Close())
	held.AssertSize(t, 0)
}
