package pmkt

// #include <stdint.h>
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// eachCall is who is told of iterations, and the call that they are of.
type eachCall struct {
	fn  func(iteration int, loss float64) (enough bool)
	run *running
}

// pmktgoEach is what C calls after an iteration. The caller's function runs on a goroutine of its own, so
// that neither a panic nor runtime.Goexit unwinds a stack of C; one that does not answer ends the fit. If
// it has canceled the context, C sees that before the next iteration, not at some time later.
//
//export pmktgoEach
func pmktgoEach(ctx unsafe.Pointer, iteration C.int32_t, loss C.double) C.int {
	each := (*cgo.Handle)(ctx).Value().(*eachCall)
	answer := make(chan bool, 1)
	go func() {
		defer close(answer)
		answer <- !each.fn(int(iteration), float64(loss))
	}()
	goOn := <-answer
	each.run.listen()
	if goOn {
		return 0
	}
	return 1
}
