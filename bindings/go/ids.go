package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_id_of_bytes
// #cgo nocallback pmkt_id_of_bytes
// #cgo noescape pmkt_ids_of_strings
// #cgo nocallback pmkt_ids_of_strings
// #cgo noescape pmkt_ids_of_doubles
// #cgo nocallback pmkt_ids_of_doubles
// #cgo nocallback pmkt_ids_new
// #cgo nocallback pmkt_ids_encode
// #cgo noescape pmkt_ids_name
// #cgo nocallback pmkt_ids_name
// #cgo noescape pmkt_ids_decode
// #cgo nocallback pmkt_ids_decode
// #cgo noescape pmkt_ids_list
// #cgo nocallback pmkt_ids_list
// #cgo nocallback pmkt_ids_merge
// #cgo noescape pmkt_ids_forget
// #cgo nocallback pmkt_ids_forget
// #cgo noescape pmkt_ids_forgotten
// #cgo nocallback pmkt_ids_forgotten
// #cgo noescape pmkt_ids_stats
// #cgo nocallback pmkt_ids_stats
import "C"

import (
	"context"
	"errors"
	"time"
	"unsafe"
)

// IDNone is no id: the null of every id column.
const IDNone uint64 = C.PMKT_ID_NONE

// IDOf is the id of a text: the same in every process, language and release. An empty text is a text
// like any other. It is no keyed hash, and hides nothing. No allocation.
func IDOf(text string) uint64 {
	return uint64(C.pmkt_id_of_bytes(unsafePointer(text), C.size_t(len(text))))
}

// IDsOf gives the ids of many texts, in one call of the library.
func IDsOf(texts []string) []uint64 {
	ids := make([]uint64, len(texts))
	s := stringsOf(texts)
	var e C.pmkt_error
	status := C.pmkt_ids_of_strings(s.bytes(), s.offsets(), C.int64_t(len(texts)),
		data[C.uint64_t](ids), &e)
	if err := failure(status, &e); err != nil {
		panic(err) // offsets that rise cannot be refused
	}
	return ids
}

// IDsOfFloats turns numbers into the ids that they are: whole ones from 1 to 2^53, and NaN into IDNone.
// A bad number ends the call (OnBadFail), or becomes IDNone and is counted (OnBadSkip). ids must be as
// long as values.
func IDsOfFloats(values []float64, onBad OnBad, ids []uint64) (bad int64, err error) {
	if len(ids) != len(values) {
		return 0, invalid("ids has %d entries, and values has %d", len(ids), len(values))
	}
	var count C.int64_t
	var e C.pmkt_error
	status := C.pmkt_ids_of_doubles(data[C.double](values), C.int64_t(len(values)),
		C.int32_t(onBad), data[C.uint64_t](ids), &count, &e)
	return int64(count), failure(status, &e)
}

// IDsOptions are the choices of a new dictionary; the zero value is the default of each.
type IDsOptions struct {
	OneWay   bool  // encode, but keep nothing: no way back, and nothing to leak
	MaxBytes int64 // refuse (ErrLimit) what would make the dictionary larger; 0 is no limit
}

// IDs is the way back from ids to the texts that they were made of. The rest of the library holds ids
// only; keep a dictionary where answers must name people and things.
//
// Calls that change it are made one after another; those that only ask run side by side.
type IDs struct{ own guarded }

// NewIDs is a new, empty dictionary.
func NewIDs(options IDsOptions) (*IDs, error) {
	c := &C.pmkt_ids_options{
		struct_size: C.sizeof_pmkt_ids_options,
		one_way:     boolean(options.OneWay),
		max_bytes:   C.int64_t(options.MaxBytes),
	}
	var at *C.pmkt_ids
	var e C.pmkt_error
	status := C.pmkt_ids_new(c, &at, &e)
	return ownIDs(at, failure(status, &e))
}

func ownIDs(at *C.pmkt_ids, err error) (*IDs, error) {
	if err != nil {
		return nil, err
	}
	d := &IDs{}
	d.own.h = own(d, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_ids_free((*C.pmkt_ids)(p))
	})
	return d, nil
}

// Close frees the dictionary. It returns nil.
func (d *IDs) Close() error {
	if d != nil {
		d.own.h.close()
	}
	return nil
}

func (d *IDs) guarded() *guarded {
	if d == nil {
		return nil
	}
	return &d.own
}

// call runs something long on the dictionary.
func (d *IDs) call(
	ctx context.Context, change bool, options []Option,
	fn func(*C.pmkt_ids, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	return d.guarded().call(ctx, "the dictionary", change, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return fn((*C.pmkt_ids)(at), run, e)
		})
}

// enter begins a short call that only asks; d.own.leave(false) ends it.
func (d *IDs) enter() (*C.pmkt_ids, error) {
	at, err := d.guarded().enter(context.Background(), "the dictionary", false)
	return (*C.pmkt_ids)(at), err
}

// Encode gives the ids of texts, which the dictionary remembers from then on. Two texts with the same
// id are ErrCollision, which quotes both, and then nothing was learned.
func (d *IDs) Encode(ctx context.Context, texts []string, options ...Option) ([]uint64, error) {
	ids := make([]uint64, len(texts))
	s := stringsOf(texts)
	if err := d.EncodeBytes(ctx, s.all, s.at, ids, options...); err != nil {
		return nil, err
	}
	return ids, nil
}

// EncodeBytes is the same without a copy: text i is bytes[offsets[i]:offsets[i+1]], so that there is
// one offset more than texts. ids is as long as there are texts, or nil to remember only; it is
// scratch if the call fails.
func (d *IDs) EncodeBytes(
	ctx context.Context, bytes []byte, offsets []int64, ids []uint64, options ...Option,
) error {
	n, err := textCount(bytes, offsets)
	if err != nil {
		return err
	}
	if ids != nil && len(ids) != n {
		return invalid("ids has %d entries, and there are %d texts", len(ids), n)
	}
	return d.call(ctx, true, options,
		func(at *C.pmkt_ids, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_ids_encode(at, (*C.char)(address(bytes)), data[C.int64_t](offsets),
				C.int64_t(n), run, data[C.uint64_t](ids), e)
		})
}

// textCount is how many texts offsets bound, which must lie within the bytes.
func textCount(bytes []byte, offsets []int64) (int, error) {
	if len(offsets) == 0 {
		return 0, invalid("offsets is empty; expected one entry more than there are texts")
	}
	if last := offsets[len(offsets)-1]; last > int64(len(bytes)) {
		return 0, invalid("the last offset is %d, and there are %d bytes", last, len(bytes))
	}
	return len(offsets) - 1, nil
}

// Name is the text of an id, and whether it is known.
func (d *IDs) Name(id uint64) (string, bool) {
	at, err := d.enter()
	if err != nil {
		return "", false
	}
	defer d.own.leave(false)
	var length C.size_t
	name := C.pmkt_ids_name(at, C.uint64_t(id), &length)
	if name == nil {
		return "", false
	}
	return string(borrow[byte](name, int(length))), true
}

// AppendName appends the text of an id to a slice, and says whether it is known. No allocation if the
// slice has room.
func (d *IDs) AppendName(to []byte, id uint64) ([]byte, bool) {
	at, err := d.enter()
	if err != nil {
		return to, false
	}
	defer d.own.leave(false)
	var length C.size_t
	name := C.pmkt_ids_name(at, C.uint64_t(id), &length)
	if name == nil {
		return to, false
	}
	return append(to, borrow[byte](name, int(length))...), true
}

// Names are the texts of ids; "" for one that is not known.
func (d *IDs) Names(ids []uint64) ([]string, error) {
	offsets := make([]int64, len(ids)+1)
	for room := int64(0); ; {
		bytes := make([]byte, room)
		err := d.NamesInto(ids, bytes, offsets, nil)
		if err == nil {
			all := string(bytes) // once, for all of them
			names := make([]string, len(ids))
			for i := range names {
				names[i] = all[offsets[i]:offsets[i+1]]
			}
			return names, nil
		}
		if !errors.Is(err, ErrLimit) || offsets[len(ids)] <= room {
			return nil, err
		}
		room = offsets[len(ids)]
	}
}

// NamesInto is the same into the caller's slices, without an allocation: text i is
// bytes[offsets[i]:offsets[i+1]], and known[i] is 1, or 0 for an id that is not known. offsets has one
// entry more than ids; known is as long as ids, or nil. If bytes is too short, that is ErrLimit, and
// the last offset says how long it should be.
func (d *IDs) NamesInto(ids []uint64, bytes []byte, offsets []int64, known []uint8) error {
	if len(offsets) != len(ids)+1 || known != nil && len(known) != len(ids) {
		return invalid("there are %d ids, %d offsets and %d known; expected one offset more than ids",
			len(ids), len(offsets), len(known))
	}
	at, err := d.enter()
	if err != nil {
		return err
	}
	defer d.own.leave(false)
	var e C.pmkt_error
	return failure(C.pmkt_ids_decode(at, data[C.uint64_t](ids), C.int64_t(len(ids)),
		(*C.char)(address(bytes)), C.int64_t(len(bytes)), data[C.int64_t](offsets),
		data[C.uint8_t](known), &e), &e)
}

// List are the ids of all texts that are known, ascending.
func (d *IDs) List() ([]uint64, error) {
	at, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer d.own.leave(false)
	var n C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_ids_list(at, nil, 0, &n, &e), &e); err != nil || n == 0 {
		return nil, err
	}
	ids := make([]uint64, n)
	status := C.pmkt_ids_list(at, data[C.uint64_t](ids), n, &n, &e)
	return ids, failure(status, &e)
}

// Merge adds all texts of another dictionary. What either of the two has forgotten is unknown
// in d afterwards; from stays as it is.
func (d *IDs) Merge(ctx context.Context, from *IDs, options ...Option) error {
	return merge(ctx, d.guarded(), from.guarded(), "dictionary", options,
		func(into, from unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_ids_merge((*C.pmkt_ids)(into), (*C.pmkt_ids)(from), run, e)
		})
}

// Forget erases texts now. A tombstone stays for each id, dated by when, which is the caller's now, so
// that neither merging an old dictionary nor reading old data by OpenArrowEvents brings it back. It returns how many were known.
func (d *IDs) Forget(ctx context.Context, ids []uint64, when time.Time) (int64, error) {
	at, err := d.guarded().enter(ctx, "the dictionary", true)
	if err != nil {
		return 0, err
	}
	defer d.own.leave(true)
	var found C.int64_t
	var e C.pmkt_error
	status := C.pmkt_ids_forget((*C.pmkt_ids)(at), data[C.uint64_t](ids), C.int64_t(len(ids)),
		C.int64_t(millis(when)), &found, &e)
	return int64(found), failure(status, &e)
}

// Tombstone is an id that was forgotten, and when.
type Tombstone struct {
	ID   uint64
	When time.Time // UTC
}

// Forgotten are the tombstones, ascending by id: to show what was forgotten, or to forget it elsewhere
// too.
func (d *IDs) Forgotten() ([]Tombstone, error) {
	at, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer d.own.leave(false)
	var n C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_ids_forgotten(at, nil, nil, 0, &n, &e), &e); err != nil || n == 0 {
		return nil, err
	}
	ids, when := make([]uint64, n), make([]int64, n)
	status := C.pmkt_ids_forgotten(at, data[C.uint64_t](ids), data[C.int64_t](when), n, &n, &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	out := make([]Tombstone, n)
	for i := range out {
		out[i] = Tombstone{ids[i], fromMillis(when[i])}
	}
	return out, nil
}

// IDsStats is what a dictionary holds.
type IDsStats struct {
	OneWay      bool
	Generation  int64 // rises with every call that changed the dictionary
	Strings     int64 // known now
	StringBytes int64 // of them, together
	Forgotten   int64 // tombstones
	Bytes       int64 // memory of the dictionary now, without a mapping
	BytesMapped int64 // of the file that it uses in place
}

// Stats reads the counters.
func (d *IDs) Stats() (IDsStats, error) {
	at, err := d.enter()
	if err != nil {
		return IDsStats{}, err
	}
	defer d.own.leave(false)
	c := C.pmkt_ids_counters{struct_size: C.sizeof_pmkt_ids_counters}
	var e C.pmkt_error
	if err := failure(C.pmkt_ids_stats(at, &c, &e), &e); err != nil {
		return IDsStats{}, err
	}
	return IDsStats{
		OneWay:      c.one_way != 0,
		Generation:  int64(c.generation),
		Strings:     int64(c.strings),
		StringBytes: int64(c.string_bytes),
		Forgotten:   int64(c.forgotten),
		Bytes:       int64(c.bytes),
		BytesMapped: int64(c.bytes_mapped),
	}, nil
}
