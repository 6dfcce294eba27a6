package pmkt

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
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

func ExampleIDs() {
	dictionary, err := NewIDs(IDsOptions{})
	if err != nil {
		panic(err)
	}
	defer dictionary.Close()
	ids, err := dictionary.Encode(background, []string{"alice", "bob"})
	if err != nil {
		panic(err)
	}
	name, known := dictionary.Name(ids[1])
	fmt.Println(name, known)
	names, _ := dictionary.Names([]uint64{ids[1], 12345, ids[0]})
	fmt.Printf("%q\n", names)
	// Output:
	// bob true
	// ["bob" "" "alice"]
}

func newIDs(t testing.TB, texts ...string) (*IDs, []uint64) {
	t.Helper()
	dictionary, err := NewIDs(IDsOptions{})
	check(t, err)
	t.Cleanup(func() { check(t, dictionary.Close()) })
	ids, err := dictionary.Encode(background, texts, WithThreads(1))
	check(t, err)
	return dictionary, ids
}

func TestDictionaryThereAndBack(t *testing.T) {
	texts := []string{"", "a", "用户", "\xff\x00", strings.Repeat("long", 1000), "a"}
	dictionary, ids := newIDs(t, texts...)
	if !slices.Equal(ids, IDsOf(texts)) {
		t.Errorf("ids are %v", ids)
	}
	if names := must(dictionary.Names(ids)); !slices.Equal(names, texts) {
		t.Errorf("names are %q", names)
	}
	equal(t, "no ids", len(must(dictionary.Names(nil))), 0)
	equal(t, "no texts", len(must(dictionary.Encode(background, nil))), 0)
	for i, id := range ids {
		name, known := dictionary.Name(id)
		equal(t, "name", name, texts[i])
		equal(t, "known", known, true)
	}
	_, known := dictionary.Name(7)
	equal(t, "unknown", known, false)
	buffer, known := dictionary.AppendName([]byte("user "), ids[2])
	equal(t, "appended", string(buffer), "user 用户")
	equal(t, "known", known, true)
	buffer, known = dictionary.AppendName(buffer[:4], 7)
	equal(t, "not appended", string(buffer), "user")
	equal(t, "known", known, false)

	bytes, offsets, flags := make([]byte, 8), make([]int64, 4), make([]uint8, 3)
	check(t, dictionary.NamesInto([]uint64{ids[1], 7, ids[2]}, bytes, offsets, flags))
	equal(t, "offsets", fmt.Sprint(offsets, flags), "[0 1 1 7] [1 0 1]")
	equal(t, "bytes", string(bytes[:7]), "a用户")
	err := dictionary.NamesInto(ids[2:3], bytes[:5], offsets[:2], nil)
	fails(t, err, ErrLimit)
	equal(t, "room that is needed", offsets[1], 6)
	fails(t, dictionary.NamesInto(ids, bytes, offsets, nil), ErrInvalid, "one offset more")
	fails(t, dictionary.NamesInto(ids[:3], bytes, offsets, flags[:2]), ErrInvalid, "2 known")

	list := must(dictionary.List())
	want := slices.Clone(ids[:5])
	slices.Sort(want)
	if !slices.Equal(list, want) {
		t.Errorf("list is %v; expected %v", list, want)
	}
	stats := must(dictionary.Stats())
	equal(t, "strings", stats.Strings, 5)
	equal(t, "string bytes", stats.StringBytes, 1+6+2+4000)
	equal(t, "one way", stats.OneWay, false)
}

func TestEncodeBytes(t *testing.T) {
	dictionary, _ := newIDs(t)
	ids := make([]uint64, 2)
	check(t, dictionary.EncodeBytes(background, []byte("xalicebob"), []int64{1, 6, 9}, ids))
	equal(t, "bob", ids[1], IDOf("bob"))
	check(t, dictionary.EncodeBytes(background, []byte("eve"), []int64{0, 3}, nil))
	equal(t, "strings", must(dictionary.Stats()).Strings, 3)
	for say, err := range map[string]error{
		"empty":       dictionary.EncodeBytes(background, nil, nil, nil),
		"last offset": dictionary.EncodeBytes(background, []byte("ab"), []int64{0, 3}, nil),
		"2 entries":   dictionary.EncodeBytes(background, []byte("ab"), []int64{0, 2}, ids),
		"fall from 2": dictionary.EncodeBytes(background, []byte("ab"), []int64{0, 2, 1}, ids),
		"-1":          dictionary.EncodeBytes(background, []byte("ab"), []int64{-1, 2}, nil),
	} {
		fails(t, err, ErrInvalid, say)
	}
}

func TestDictionariesMergeAndForget(t *testing.T) {
	a, ids := newIDs(t, "alice", "bob")
	b, _ := newIDs(t, "bob", "eve")
	found, err := b.Forget(background, []uint64{ids[1], ids[1], 5}, day("2026-01-01"))
	check(t, err)
	equal(t, "found", found, 1)
	check(t, a.Merge(background, b))
	equal(t, "names", fmt.Sprintf("%q", must(a.Names([]uint64{ids[0], ids[1], IDOf("eve")}))),
		`["alice" "" "eve"]`)
	equal(t, "tombstones", must(a.Stats()).Forgotten, 2)
	gone := must(a.Forgotten())
	equal(t, "tombstones", len(gone), 2)
	equal(t, "the first", gone[0], Tombstone{5, day("2026-01-01")})
	equal(t, "the second", gone[1], Tombstone{ids[1], day("2026-01-01")})
	all, err := a.Encode(background, []string{"bob"})
	check(t, err)
	equal(t, "encoded anew", len(must(a.Forgotten())), len(all))
	fails(t, a.Merge(background, a), ErrInvalid, "itself")
	_, err = a.Forget(background, ids, day("2026-01-01").AddDate(5000, 0, 0))
	fails(t, err, ErrInvalid)
	oneWay, err := NewIDs(IDsOptions{OneWay: true})
	check(t, err)
	defer oneWay.Close()
	got, err := oneWay.Encode(background, []string{"alice"})
	check(t, err)
	equal(t, "id", got[0], ids[0])
	_, known := oneWay.Name(got[0])
	equal(t, "known", known, false)
	equal(t, "one way", must(oneWay.Stats()).OneWay, true)
	fails(t, a.Merge(background, oneWay), ErrMismatch)
}

func TestLimitsOfADictionary(t *testing.T) {
	_, err := NewIDs(IDsOptions{MaxBytes: -1})
	fails(t, err, ErrInvalid, "max_bytes")
	dictionary, err := NewIDs(IDsOptions{MaxBytes: 100_000})
	check(t, err)
	defer dictionary.Close()
	_, err = dictionary.Encode(background, []string{strings.Repeat("x", 200_000)})
	fails(t, err, ErrLimit)
}

func TestDictionaryUnderReadersAndAWriter(t *testing.T) {
	dictionary, ids := newIDs(t, "alice")
	var group sync.WaitGroup
	for range 3 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 2_000 {
				if name, _ := dictionary.Name(ids[0]); name != "alice" {
					t.Errorf("name is %q", name)
					return
				}
			}
		}()
	}
	for i := range 100 {
		_, err := dictionary.Encode(background, []string{fmt.Sprint("user ", i)})
		check(t, err)
	}
	group.Wait()
	equal(t, "strings", must(dictionary.Stats()).Strings, 101)
}

func TestLookingUpNamesAllocatesNothing(t *testing.T) {
	dictionary, ids := newIDs(t, "alice", "bob")
	name, bytes, offsets := make([]byte, 0, 100), make([]byte, 100), make([]int64, 3)
	known := make([]uint8, 2)
	equal(t, "AppendName", testing.AllocsPerRun(100, func() {
		name, _ = dictionary.AppendName(name[:0], ids[1])
	}), 0)
	equal(t, "NamesInto", testing.AllocsPerRun(100, func() {
		_ = dictionary.NamesInto(ids, bytes, offsets, known)
	}), 0)
}
