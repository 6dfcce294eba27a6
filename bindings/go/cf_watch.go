package pmkt

// #include <stdint.h>
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// pmktgoEach is what C calls after an iteration. The caller's function runs on a goroutine of its own, so
// that neither a panic nor runtime.Goexit unwinds a stack of C; one that does not answer ends the fit.
//
//export pmktgoEach
func pmktgoEach(ctx unsafe.Pointer, iteration C.int32_t, loss C.double) C.int {
	each := (*cgo.Handle)(ctx).Value().(func(int, float64) bool)
	answer := make(chan bool, 1)
	go func() {
		defer close(answer)
		answer <- !each(int(iteration), float64(loss))
	}()
	if <-answer {
		return 0
	}
	return 1
}
