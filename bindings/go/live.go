package pmkt

import (
	"io"
	"sync/atomic"
)

// Live holds the current version of something that is replaced while others use it: the scores of
// last night, a list of items in stock. Readers take no lock and never wait; a version is closed
// when it has been replaced and its last reader is done. The zero Live is empty.
//
//	var live pmkt.Live[*pmkt.Scores]
//	live.Swap(tonight) // the reloader
//
//	scores, release := live.Load() // a request
//	defer release()
//
// A Live must not be copied after its first use.
type Live[T io.Closer] struct {
	current atomic.Pointer[version[T]]
}

// version is a value with its users: one for being current, and one for each reader.
type version[T io.Closer] struct {
	value   T
	users   atomic.Int64
	release func()
}

// NewLive is a Live that holds a first version.
func NewLive[T io.Closer](first T) *Live[T] {
	l := &Live[T]{}
	l.Swap(first)
	return l
}

// Load is the current version, which stays open until release is called; call it exactly once. An
// empty Live gives the zero value of T. No allocation.
func (l *Live[T]) Load() (value T, release func()) {
	for {
		v := l.current.Load()
		if v == nil {
			return value, func() {}
		}
		if v.enter() {
			return v.value, v.release
		}
		// It was replaced, and closed, since it was loaded.
	}
}

// Swap puts the next version in place. The one before is closed now, or by its last reader; what its
// Close returns is not kept.
func (l *Live[T]) Swap(next T) {
	v := &version[T]{value: next}
	v.users.Store(1)
	v.release = v.leave
	l.replace(v)
}

// Close empties the Live; the last version is closed as by Swap. It returns nil. A Live can be used
// again afterwards.
func (l *Live[T]) Close() error {
	l.replace(nil)
	return nil
}

func (l *Live[T]) replace(v *version[T]) {
	if old := l.current.Swap(v); old != nil {
		old.leave()
	}
}

// enter adds a reader, unless the version is closed already.
func (v *version[T]) enter() bool {
	for {
		users := v.users.Load()
		if users == 0 {
			return false
		}
		if v.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

func (v *version[T]) leave() {
	if v.users.Add(-1) == 0 {
		_ = v.value.Close()
	}
}
