package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_id_of_bytes
// #cgo nocallback pmkt_id_of_bytes
// #cgo noescape pmkt_ids_of_strings
// #cgo nocallback pmkt_ids_of_strings
// #cgo noescape pmkt_ids_of_doubles
// #cgo nocallback pmkt_ids_of_doubles
import "C"

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
