package pmkt

// #include <pmkt.h>
import "C"

import "unsafe"

// texts are strings one after another, as C takes them.
type texts struct {
	all []byte
	at  []int64 // string i is all[at[i]:at[i+1]]
}

func stringsOf(list []string) texts {
	size := 0
	for _, s := range list {
		size += len(s)
	}
	t := texts{all: make([]byte, 0, size), at: make([]int64, len(list)+1)}
	for i, s := range list {
		t.all = append(t.all, s...)
		t.at[i+1] = int64(len(t.all))
	}
	return t
}

func (t texts) bytes() *C.char      { return data[C.char](t.all) }
func (t texts) offsets() *C.int64_t { return data[C.int64_t](t.at) }

// unsafePointer is where a string's bytes are; never nil.
func unsafePointer(s string) unsafe.Pointer { return unsafe.Pointer(chars(s)) }
