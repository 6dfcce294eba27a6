// Package pmkt is the Go binding of libpmkt, the engine of e-commerce precision marketing: feed it
// what happened in your shop and ask who is worth what, what they would like, and what they are about
// to do.
//
// An [RFM] takes batches of [Events], in any order, and is asked as of any date. The answer is a
// set of [Scores], which never changes and may be shared; two of them give a [Migration]. [IDs] turns
// texts into ids and back, and an [IDSet] is a set of ids that is read while it is updated.
//
// A [Model] of [FitALS], [FitItemKNN] or [FitPopularity] recommends, and [Evaluate] says how well. An
// [Intent] is made of chains of actions, and a [Purchase] says at every event how likely an order is.
// [Rules] say in words who hesitates, and what to offer. A [Tracker] joins both, live, at every event.
// [NewFunnel] and [NewPaths] show how far people come and where they leave, [Attribute] which channels
// brought the orders; [FitLogistic] and [BinaryMetrics] fit and judge probabilities of yes or no.
//
// Every method may be called from any number of goroutines. Where the library allows one writer
// only, the binding lets the others wait, or until their context ends. Close may be called at any
// time and as often as you like: calls under way end well, later ones answer [ErrClosed], and a
// handle that nobody closed is freed when the garbage collector finds it.
//
// Slices that go in are used where they lie, pinned for the call; do not change them meanwhile. What
// comes out is a copy, unless a function says that it lends. Times are milliseconds since 1970 UTC,
// money is an integer of minor units, and 0 is no id.
package pmkt

// #cgo !pmkt_static pkg-config: pmkt
// #cgo pmkt_static pkg-config: --static pmkt
// #cgo pmkt_static LDFLAGS: -l:libpmkt.a -Wl,--as-needed
// #include <pmkt.h>
// #cgo noescape pmkt_version
// #cgo nocallback pmkt_version
// #cgo noescape pmkt_default_threads
// #cgo nocallback pmkt_default_threads
import "C"

import (
	"fmt"
	"math"
	"unsafe"
)

// Version is the version of the C library that is loaded, such as "0.2.0".
func Version() string { return C.GoString(C.pmkt_version()) }

// VersionNumber is the same as a number: major * 1,000,000 + minor * 1,000 + patch.
func VersionNumber() int { return int(C.pmkt_version_number()) }

// BuildInfo says how the C library was built, in one line for bug reports.
func BuildInfo() string { return C.GoString(C.pmkt_build_info()) }

// DefaultThreads is how many threads a heavy call uses unless [WithThreads] says otherwise: what the
// CPU affinity and the cgroup quota of the process allow.
func DefaultThreads() int { return int(C.pmkt_default_threads()) }

// ISA is the instruction set of inner loops in this process: "baseline", "avx2" or "avx512".
func ISA() string { return C.GoString(C.pmkt_isa()) }

// The version of the headers that this package was compiled with.
const (
	VersionMajor = C.PMKT_VERSION_MAJOR
	VersionMinor = C.PMKT_VERSION_MINOR
	VersionPatch = C.PMKT_VERSION_PATCH
)

// data is the address of a slice as C wants it, NULL for an empty one.
func data[C, G any](s []G) *C {
	if len(s) == 0 {
		return nil
	}
	return (*C)(unsafe.Pointer(unsafe.SliceData(s)))
}

// chars is the address of a string's bytes; never NULL.
func chars(s string) *C.char {
	if s == "" {
		return &empty
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s)))
}

var empty C.char

// borrow is a slice over memory of the library.
func borrow[G, C any](p *C, n int) []G {
	if n == 0 || p == nil {
		return nil
	}
	return unsafe.Slice((*G)(unsafe.Pointer(p)), n)
}

// narrow is a number as int32, or an error that names it.
func narrow(name string, n int) (C.int32_t, error) {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, invalid("%s is %d, which does not fit 32 bits", name, n)
	}
	return C.int32_t(n), nil
}

// boolean is a C flag.
func boolean(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

// code is a currency code as the structs of C hold it.
func code(currency string) (out [8]C.char, err error) {
	if len(currency) > len(out)-1 {
		return out, invalid("the currency is %q; expected a code such as \"CNY\"", currency)
	}
	for i := range len(currency) {
		out[i] = C.char(currency[i])
	}
	return out, nil
}

func text(code [8]C.char) string { return C.GoString(&code[0]) }

func invalid(format string, args ...any) error {
	return &Error{Code: ErrInvalid, Message: fmt.Sprintf(format, args...)}
}
