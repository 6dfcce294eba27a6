package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_idset_contains
// #cgo nocallback pmkt_idset_contains
// #cgo noescape pmkt_idset_contains_many
// #cgo nocallback pmkt_idset_contains_many
// #cgo noescape pmkt_idset_update
// #cgo nocallback pmkt_idset_update
// #cgo noescape pmkt_idset_list
// #cgo nocallback pmkt_idset_list
// #cgo nocallback pmkt_idset_new
// #cgo nocallback pmkt_idset_count
// #cgo nocallback pmkt_idset_bytes
// #cgo nocallback pmkt_idset_union
// #cgo nocallback pmkt_idset_intersect
// #cgo nocallback pmkt_idset_difference
import "C"

import (
	"sync"
	"unsafe"
)

// IDSet is a set of ids that is read while it is updated, as a list of items in stock is: readers
// never wait. A nil or closed set is empty.
type IDSet struct {
	h      *handle
	update sync.RWMutex // one updater, or operations on whole sets; no other readers
}

// NewIDSet is a set of some ids, in any order, repeats allowed; IDNone is skipped.
func NewIDSet(ids ...uint64) (*IDSet, error) {
	var at *C.pmkt_idset
	var e C.pmkt_error
	status := C.pmkt_idset_new(data[C.uint64_t](ids), C.int64_t(len(ids)), nil, &at, &e)
	return ownIDSet(at, failure(status, &e))
}

func ownIDSet(at *C.pmkt_idset, err error) (*IDSet, error) {
	if err != nil {
		return nil, err
	}
	s := &IDSet{}
	s.h = own(s, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_idset_free((*C.pmkt_idset)(p))
	})
	return s, nil
}

// Close frees the set. It returns nil.
func (s *IDSet) Close() error {
	if s != nil {
		s.h.close()
	}
	return nil
}

// enter begins a call; s.h.leave ends it.
func (s *IDSet) enter() (*C.pmkt_idset, bool) {
	if s == nil || !s.h.enter() {
		return nil, false
	}
	return (*C.pmkt_idset)(s.h.at), true
}

// Update takes ids out and puts ids in, in this order: an id in both is in the set afterwards. Readers
// see each change at once, and those of one call one after another.
func (s *IDSet) Update(remove, add []uint64) error {
	at, ok := s.enter()
	if !ok {
		return closed("the set")
	}
	defer s.h.leave()
	s.update.Lock()
	defer s.update.Unlock()
	var e C.pmkt_error
	return failure(C.pmkt_idset_update(at, data[C.uint64_t](remove), C.int64_t(len(remove)),
		data[C.uint64_t](add), C.int64_t(len(add)), &e), &e)
}

// Add puts ids in.
func (s *IDSet) Add(ids ...uint64) error { return s.Update(nil, ids) }

// Remove takes ids out.
func (s *IDSet) Remove(ids ...uint64) error { return s.Update(ids, nil) }

// Contains reports whether an id is in the set. No allocation.
func (s *IDSet) Contains(id uint64) bool {
	at, ok := s.enter()
	if !ok {
		return false
	}
	in := C.pmkt_idset_contains(at, C.uint64_t(id)) != 0
	s.h.leave()
	return in
}

// ContainsMany writes into in whether each id is in the set. in must be as long as ids. It is faster
// than one by one. No allocation.
func (s *IDSet) ContainsMany(ids []uint64, in []bool) error {
	if len(in) != len(ids) {
		return invalid("in has %d entries, and ids has %d", len(in), len(ids))
	}
	at, ok := s.enter()
	if !ok {
		return closed("the set")
	}
	defer s.h.leave()
	var e C.pmkt_error
	// A bool of Go is a byte of 0 or 1, which is what C writes.
	return failure(C.pmkt_idset_contains_many(at, data[C.uint64_t](ids), C.int64_t(len(ids)),
		data[C.uint8_t](in), &e), &e)
}

// Len is how many ids are in the set.
func (s *IDSet) Len() int {
	at, ok := s.enter()
	if !ok {
		return 0
	}
	defer s.h.leave()
	return int(C.pmkt_idset_count(at))
}

// Bytes is the memory of the set now.
func (s *IDSet) Bytes() int64 {
	at, ok := s.enter()
	if !ok {
		return 0
	}
	defer s.h.leave()
	return int64(C.pmkt_idset_bytes(at))
}

// List are the ids of the set, ascending.
func (s *IDSet) List() ([]uint64, error) {
	at, ok := s.enter()
	if !ok {
		return nil, closed("the set")
	}
	defer s.h.leave()
	s.update.RLock() // so that the size stays what it was
	defer s.update.RUnlock()
	var n C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_idset_list(at, nil, 0, &n, &e), &e); err != nil || n == 0 {
		return nil, err
	}
	ids := make([]uint64, n)
	status := C.pmkt_idset_list(at, data[C.uint64_t](ids), n, &n, &e)
	return ids, failure(status, &e)
}

// Union is a new set of what is in one of the two.
func (s *IDSet) Union(other *IDSet) (*IDSet, error) {
	return s.combine(other, func(a, b *C.pmkt_idset, out **C.pmkt_idset, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_idset_union(a, b, out, e)
	})
}

// Intersect is a new set of what is in both.
func (s *IDSet) Intersect(other *IDSet) (*IDSet, error) {
	return s.combine(other, func(a, b *C.pmkt_idset, out **C.pmkt_idset, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_idset_intersect(a, b, out, e)
	})
}

// Difference is a new set of what is in this one but not in the other.
func (s *IDSet) Difference(other *IDSet) (*IDSet, error) {
	return s.combine(other, func(a, b *C.pmkt_idset, out **C.pmkt_idset, e *C.pmkt_error) C.pmkt_status {
		return C.pmkt_idset_difference(a, b, out, e)
	})
}

// combine makes a new set of two, which nobody updates meanwhile.
func (s *IDSet) combine(
	other *IDSet, fn func(a, b *C.pmkt_idset, out **C.pmkt_idset, e *C.pmkt_error) C.pmkt_status,
) (*IDSet, error) {
	a, ok := s.enter()
	if !ok {
		return nil, closed("the set")
	}
	defer s.h.leave()
	b, ok := other.enter()
	if !ok {
		return nil, closed("the set")
	}
	defer other.h.leave()
	// By address, so that nobody locks up with an updater between; one lock if they are one.
	first, second := s, other
	if uintptr(unsafe.Pointer(second)) < uintptr(unsafe.Pointer(first)) {
		first, second = second, first
	}
	first.update.RLock()
	defer first.update.RUnlock()
	if second != first {
		second.update.RLock()
		defer second.update.RUnlock()
	}
	var at *C.pmkt_idset
	var e C.pmkt_error
	status := fn(a, b, &at, &e)
	return ownIDSet(at, failure(status, &e))
}
