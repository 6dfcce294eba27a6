package pmkt

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func ExampleIDsOf() {
	ids := IDsOf([]string{"alice", "bob", "alice"})
	fmt.Println(ids[0] == ids[2], ids[0] == IDOf("alice"), ids[0] == ids[1])
	// Output: true true false
}

// The hash is frozen: these are XXH3-64 of the texts.
func TestIDsAreFrozen(t *testing.T) {
	equal(t, "empty", IDOf(""), 0x2d06800538d394c2)
	equal(t, "a", IDOf("a"), 0xe6c632b61e964e1f)
	texts := []string{"", "a", "用户", "\xff\x00", strings.Repeat("long", 1000), ""}
	ids := IDsOf(texts)
	for i, text := range texts {
		equal(t, text, ids[i], IDOf(text))
	}
	equal(t, "none", len(IDsOf(nil)), 0)
	equal(t, "only empty ones", IDsOf([]string{"", ""})[1], IDOf(""))
}

func TestIDsOfFloats(t *testing.T) {
	ids := make([]uint64, 3)
	bad, err := IDsOfFloats([]float64{1, math.NaN(), 1 << 53}, OnBadFail, ids)
	check(t, err)
	equal(t, "bad", bad, 0)
	if !slices.Equal(ids, []uint64{1, IDNone, 1 << 53}) {
		t.Errorf("ids are %v", ids)
	}
	_, err = IDsOfFloats([]float64{1, 2, -3}, OnBadFail, ids)
	equal(t, "Where", fails(t, err, ErrBadRow).Where, 2)
	bad, err = IDsOfFloats([]float64{0.5, 2, -3}, OnBadSkip, ids)
	check(t, err)
	equal(t, "bad", bad, 2)
	_, err = IDsOfFloats([]float64{1}, OnBadFail, ids)
	fails(t, err, ErrInvalid, "ids has 3")
}

func TestHashingAllocatesNothing(t *testing.T) {
	text := "customer 1234567"
	equal(t, "allocations", testing.AllocsPerRun(100, func() { IDOf(text) }), 0)
}
