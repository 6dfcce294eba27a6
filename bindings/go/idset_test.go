package pmkt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func ExampleIDSet() {
	stock, err := NewIDSet(1, 2, 3)
	if err != nil {
		panic(err)
	}
	defer stock.Close()
	_ = stock.Update([]uint64{2}, []uint64{9}) // sold out, and new; readers go on meanwhile

	wanted, available := []uint64{1, 2, 9}, make([]bool, 3)
	_ = stock.ContainsMany(wanted, available)
	fmt.Println(available, stock.Contains(3), stock.Len())
	// Output: [true false true] true 3
}

func newSet(t testing.TB, ids ...uint64) *IDSet {
	t.Helper()
	set, err := NewIDSet(ids...)
	check(t, err)
	t.Cleanup(func() { check(t, set.Close()) })
	return set
}

// At random against a map.
func TestSetIsLikeAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	set, want := newSet(t), map[uint64]bool{}
	for range 300 {
		var lists [2][]uint64
		for i := range lists {
			for range random.IntN(20) {
				lists[i] = append(lists[i], random.Uint64N(200)*random.Uint64N(2))
			}
		}
		check(t, set.Update(lists[0], lists[1]))
		for _, id := range lists[0] {
			delete(want, id)
		}
		for _, id := range lists[1] {
			if id != IDNone {
				want[id] = true
			}
		}
		equal(t, "length", set.Len(), len(want))
		ids, in := make([]uint64, 200), make([]bool, 200)
		for i := range ids {
			ids[i] = uint64(i)
		}
		check(t, set.ContainsMany(ids, in))
		for i, id := range ids {
			if in[i] != want[id] || set.Contains(id) != want[id] {
				t.Fatalf("%d is in: %v, expected %v", id, in[i], want[id])
			}
		}
	}
	list := must(set.List())
	equal(t, "list", len(list), len(want))
	equal(t, "ascending", slices.IsSorted(list), true)
	equal(t, "bytes", set.Bytes() > 0, true)
	check(t, set.Remove(list...))
	equal(t, "emptied", set.Len(), 0)
	equal(t, "list", len(must(set.List())), 0)
	check(t, set.Add(5))
	equal(t, "added", set.Contains(5), true)
}

func TestOperationsOnWholeSets(t *testing.T) {
	a, b := newSet(t, 1, 2, 3), newSet(t, 3, 4)
	for name, operation := range map[string]func(*IDSet) (*IDSet, error){
		"[1 2 3 4]": a.Union, "[3]": a.Intersect, "[1 2]": a.Difference, "[4]": b.Difference,
	} {
		other := b
		if name == "[4]" {
			other = a
		}
		made := must(operation(other))
		equal(t, "set", fmt.Sprint(must(made.List())), name)
		check(t, made.Close())
	}
	same := must(a.Union(a))
	defer same.Close()
	check(t, same.Add(9))
	equal(t, "a copy", a.Contains(9), false)
	fails(t, a.ContainsMany([]uint64{1}, nil), ErrInvalid, "in has 0")
}

func TestSetUnderReadersAndUpdaters(t *testing.T) {
	set, other := newSet(t, 1), newSet(t, 2)
	var group sync.WaitGroup
	run := func(fn func(i uint64)) {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range uint64(2_000) {
				fn(i)
			}
		}()
	}
	run(func(i uint64) { check(t, set.Update([]uint64{i + 10}, []uint64{i + 11})) })
	run(func(i uint64) { check(t, set.Update([]uint64{i + 90_000}, []uint64{i + 90_001})) })
	for range 3 {
		run(func(uint64) {
			if !set.Contains(1) || set.Contains(2) {
				t.Error("a reader sees what is not there")
			}
		})
	}
	run(func(i uint64) {
		if i%100 == 0 {
			check(t, must(set.Union(other)).Close())
			check(t, must(other.Union(set)).Close())
		}
	})
	group.Wait()
	equal(t, "length", set.Len(), 3)
}

func TestSetsThatAreClosed(t *testing.T) {
	set, open := newSet(t, 1), newSet(t, 1)
	check(t, set.Close())
	for name, s := range map[string]*IDSet{"closed": set, "nil": nil, "zero": {}} {
		equal(t, "Contains", s.Contains(1), false)
		equal(t, "Len", s.Len(), 0)
		equal(t, "Bytes", s.Bytes(), 0)
		calls := map[string]error{"Add": s.Add(1), "ContainsMany": s.ContainsMany(nil, nil)}
		_, calls["List"] = s.List()
		_, calls["Union"] = s.Union(open)
		_, calls["Intersect"] = open.Intersect(s)
		allClosed(t, name, calls)
		check(t, s.Close())
	}
}

func TestAskingASetAllocatesNothing(t *testing.T) {
	set := newSet(t, 1, 2, 3)
	ids, in := []uint64{1, 5, 3}, make([]bool, 3)
	equal(t, "Contains", testing.AllocsPerRun(100, func() { set.Contains(2) }), 0)
	equal(t, "ContainsMany", testing.AllocsPerRun(100, func() { _ = set.ContainsMany(ids, in) }), 0)
	equal(t, "Update", testing.AllocsPerRun(100, func() { _ = set.Update(ids, ids) }), 0)
}

func BenchmarkIDSetContains(b *testing.B) {
	set := newSet(b, 1, 2, 3)
	for b.Loop() {
		set.Contains(2)
	}
}

func BenchmarkIDSetContainsMany(b *testing.B) {
	set := newSet(b, 1, 2, 3)
	ids, in := make([]uint64, 1_000), make([]bool, 1_000)
	for i := range ids {
		ids[i] = uint64(i)
	}
	for b.Loop() {
		_ = set.ContainsMany(ids, in)
	}
}
