package pmkt

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// handle owns something of the C library and counts the calls that use it, so that Close may come at
// any time: the last call under way frees it.
type handle struct {
	uses atomic.Int64 // calls under way, and the two flags
	at   unsafe.Pointer
	free func(unsafe.Pointer)
}

const (
	handleClosed int64 = 1 << 62
	handleFreed  int64 = 1 << 61
)

// own makes a handle that is closed, at the latest, when its owner is found to be garbage.
func own[T any](owner *T, at unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	h := &handle{at: at, free: free}
	runtime.AddCleanup(owner, (*handle).close, h)
	return h
}

// enter begins a call and says whether there is something to use; leave ends it.
func (h *handle) enter() bool {
	if h == nil {
		return false
	}
	if h.uses.Add(1)&handleClosed != 0 {
		h.leave()
		return false
	}
	return true
}

func (h *handle) leave() {
	h.freeIfUnused(h.uses.Add(-1))
}

func (h *handle) close() {
	if h == nil {
		return
	}
	h.freeIfUnused(h.uses.Or(handleClosed) | handleClosed)
}

// Calls that come too late raise and lower the count again; the exchange lets one of them free.
func (h *handle) freeIfUnused(uses int64) {
	if uses == handleClosed && h.uses.CompareAndSwap(handleClosed, handleClosed|handleFreed) {
		h.free(h.at)
	}
}

// gate lets one writer or any number of readers in. Who waits gives up when their context ends.
type gate struct{ mutex sync.RWMutex }

func (g *gate) write(ctx context.Context) error {
	if ctx != nil && ctx.Err() == nil && g.mutex.TryLock() {
		return nil
	}
	return await(ctx, g.mutex.Lock, g.mutex.Unlock)
}

func (g *gate) read(ctx context.Context) error {
	if ctx != nil && ctx.Err() == nil && g.mutex.TryRLock() {
		return nil
	}
	return await(ctx, g.mutex.RLock, g.mutex.RUnlock)
}

// await locks, or returns the error of a context that ends earlier. Then a goroutine is left in the
// queue, which gives the lock back as soon as it has it.
func await(ctx context.Context, lock, unlock func()) error {
	if err := canceled(ctx); err != nil {
		return err
	}
	if ctx.Done() == nil {
		lock()
		return nil
	}
	locked := make(chan struct{})
	go func() {
		lock()
		select {
		case locked <- struct{}{}:
		case <-ctx.Done():
			unlock()
		}
	}()
	select {
	case <-locked:
		return nil
	case <-ctx.Done():
		return canceled(ctx)
	}
}

// canceled is the error of a context that has ended, as a call that it stopped returns it, or of one
// that was never there.
func canceled(ctx context.Context) error {
	if ctx == nil {
		return invalid("the context is nil; context.Background() is one that never ends")
	}
	if ctx.Err() == nil {
		return nil
	}
	return &Error{
		Code:    ErrCanceled,
		Message: "the call was canceled: " + context.Cause(ctx).Error(),
		causes:  []error{ctx.Err(), context.Cause(ctx)},
	}
}
