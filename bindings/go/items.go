package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_items_check
import "C"

import (
	"context"
	"io"
	"iter"
	"runtime"
	"unsafe"
)

// StockNull is a stock that is not known.
const StockNull int64 = AmountNull

// Items is a batch of items in columns, one row an item: the catalogue. Only Item is required, every
// other column may be nil. A call uses the slices where they lie: do not change them meanwhile.
type Items struct {
	Item     []uint64 // each once; null IDNone
	Category []uint64
	Brand    []uint64
	Price    []int64 // minor units; null AmountNull
	Stock    []int64 // pieces; null StockNull
	Extra    []Column

	// Vector has Dimensions numbers a row, row by row; a vector whose first number is NaN is missing.
	Vector     []float32
	Dimensions int

	Currency         string // as of Events
	CurrencyExponent int
	OnBad            OnBad
	Reject           []uint8

	lender any // as of Events
}

// Len is the number of rows.
func (i *Items) Len() int { return len(i.Item) }

// toC is the batch as C takes it, with its columns pinned.
func (i *Items) toC(pin *runtime.Pinner) (*C.pmkt_items, error) {
	p := pinned{pin: pin, rows: len(i.Item)}
	c := &C.pmkt_items{
		struct_size:       C.sizeof_pmkt_items,
		on_bad:            C.int32_t(i.OnBad),
		rows:              C.int64_t(p.rows),
		item:              column[C.uint64_t](&p, "Item", i.Item),
		category:          column[C.uint64_t](&p, "Category", i.Category),
		brand:             column[C.uint64_t](&p, "Brand", i.Brand),
		price:             column[C.int64_t](&p, "Price", i.Price),
		stock:             column[C.int64_t](&p, "Stock", i.Stock),
		reject:            column[C.uint8_t](&p, "Reject", i.Reject),
		dimensions:        C.int64_t(i.Dimensions),
		currency_exponent: p.small("CurrencyExponent", i.CurrencyExponent),
		currency:          p.code(i.Currency),
	}
	c.extra, c.n_extra = extraColumns(&p, i.Extra)
	if len(i.Vector) > 0 {
		// By division, for a product may leave 64 bits.
		if i.Dimensions < 1 || len(i.Vector)%i.Dimensions != 0 || len(i.Vector)/i.Dimensions != p.rows {
			p.note(invalid("Vector has %d numbers; expected %d rows of %d", len(i.Vector), p.rows,
				i.Dimensions))
		}
		c.vector = data[C.float](i.Vector)
		pin.Pin(c.vector)
	}
	return c, p.err
}

// Check looks at a batch as every call that takes items does, and takes nothing. A bad row is an
// error if the batch says OnBadFail.
func (i *Items) Check() (Report, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	items, err := i.toC(&pin)
	if err != nil {
		return Report{FirstBad: -1}, err
	}
	report := newReport(&pin, int(items.rows))
	var e C.pmkt_error
	status := C.pmkt_items_check(items, &report.c, &e)
	runtime.KeepAlive(i)
	return report.toGo(), failure(status, &e)
}

// ArrowItemColumns says which column of an Arrow stream is what, as ArrowColumns does; Item is
// required.
type ArrowItemColumns struct {
	Item       string
	Category   string
	Brand      string
	Price      string // major units; or PriceMinor
	PriceMinor string // integers in minor units
	Stock      string
	Vector     string // lists of float or double, all of one length
	Extra      []string

	Decimals int // of the money: 0 is 2; DecimalsNone; 1 to 6
	Currency string
	OnBad    OnBad

	Items *IDs // remembers the item column's texts; or nil
	Names *IDs // remembers the other id columns' texts; or nil
}

func (o *ArrowItemColumns) toC(p *pinned) *C.pmkt_arrow_item_columns {
	c := &C.pmkt_arrow_item_columns{
		struct_size: C.sizeof_pmkt_arrow_item_columns,
		on_bad:      C.int32_t(o.OnBad),
		item:        nameOf(p, o.Item),
		category:    nameOf(p, o.Category),
		brand:       nameOf(p, o.Brand),
		price:       nameOf(p, o.Price),
		price_minor: nameOf(p, o.PriceMinor),
		stock:       nameOf(p, o.Stock),
		vector:      nameOf(p, o.Vector),
		decimals:    p.small("Decimals", o.Decimals),
		currency:    p.code(o.Currency),
	}
	c.extra, c.n_extra = namesOf(p, o.Extra)
	return c
}

// ArrowItems reads batches of items out of an Arrow stream.
type ArrowItems struct{ reader arrowReader }

// OpenArrowItems takes a stream and finds its columns; the rules are those of OpenArrowEvents.
func OpenArrowItems(stream unsafe.Pointer, columns ArrowItemColumns) (*ArrowItems, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	p := pinned{pin: &pin}
	c := columns.toC(&p)
	dicts, err := keep(columns.Items, columns.Names)
	p.note(err)
	if p.err != nil {
		release(dicts)
		releaseStream(stream)
		return nil, p.err
	}
	c.items, c.names = dictionary(columns.Items), dictionary(columns.Names)
	var at *C.pmkt_arrow_items
	var e C.pmkt_error
	status := C.pmkt_arrow_items_open((*C.struct_ArrowArrayStream)(stream), c, nil, &at, &e)
	if err := failure(status, &e); err != nil {
		release(dicts)
		return nil, err
	}
	r := &ArrowItems{arrowReader{dicts: dicts}}
	r.reader.h = own(r, unsafe.Pointer(at), func(at unsafe.Pointer) {
		C.pmkt_arrow_items_free((*C.pmkt_arrow_items)(at))
		release(dicts)
	})
	return r, nil
}

// Close frees the reader and what is left of its stream. It returns nil.
func (r *ArrowItems) Close() error {
	if r != nil {
		r.reader.h.close()
	}
	return nil
}

// Next is the next batch of the stream, or io.EOF at its end. Its columns are lent: they may be read,
// until the next call on the reader.
func (r *ArrowItems) Next(ctx context.Context, options ...Option) (*Items, error) {
	var batch *C.pmkt_items
	err := r.shared().call(ctx, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_arrow_items_next((*C.pmkt_arrow_items)(at), run, &batch, e)
		})
	if err != nil {
		return nil, err
	}
	if batch == nil {
		return nil, io.EOF
	}
	return r.lent(batch), nil
}

// All is what is left of the stream as one batch, which is lent as by Next; without rows at its end.
func (r *ArrowItems) All(ctx context.Context, options ...Option) (*Items, error) {
	var batch *C.pmkt_items
	err := r.shared().call(ctx, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_arrow_items_all((*C.pmkt_arrow_items)(at), run, &batch, e)
		})
	if err != nil {
		return nil, err
	}
	return r.lent(batch), nil
}

// Batches goes over the batches of the stream, each lent until the next. An error is the last that it
// gives.
func (r *ArrowItems) Batches(ctx context.Context, options ...Option) iter.Seq2[*Items, error] {
	return func(yield func(*Items, error) bool) {
		for {
			batch, err := r.Next(ctx, options...)
			if err == io.EOF || !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

func (r *ArrowItems) shared() *arrowReader {
	if r == nil {
		return nil
	}
	return &r.reader
}

// lent is a batch over memory of the library. It keeps the reader from being collected.
func (r *ArrowItems) lent(c *C.pmkt_items) *Items {
	n := int(c.rows)
	return &Items{
		Item:             borrow[uint64](c.item, n),
		Category:         borrow[uint64](c.category, n),
		Brand:            borrow[uint64](c.brand, n),
		Price:            borrow[int64](c.price, n),
		Stock:            borrow[int64](c.stock, n),
		Extra:            lentColumns(c.extra, int(c.n_extra), n),
		Vector:           borrow[float32](c.vector, n*int(c.dimensions)),
		Dimensions:       int(c.dimensions),
		Currency:         text(c.currency),
		CurrencyExponent: int(c.currency_exponent),
		OnBad:            OnBad(c.on_bad),
		Reject:           borrow[uint8](c.reject, n),
		lender:           r,
	}
}
