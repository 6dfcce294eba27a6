package pmkt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func ExampleRFM_Save() {
	folder, _ := os.MkdirTemp("", "pmkt")
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "orders.pmkt")

	rfm, _ := NewRFM(RFMOptions{})
	rfm.Add(background, EventsOf(shop()...))
	fmt.Println(rfm.Save(background, path, SaveOptions{}))
	rfm.Close()

	again, err := LoadRFM(background, path, LoadOptions{})
	if err != nil {
		panic(err)
	}
	defer again.Close()
	stats, _ := again.Stats()
	fmt.Println(stats.Customers, "customers")
	// Output:
	// <nil>
	// 4 customers
}

func TestStateThereAndBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	rfm := newRFM(t, RFMOptions{Zone: ZoneOf(location(t, "Asia/Shanghai"))}, shop()...)
	_, err := rfm.Forget(background, []uint64{77}, day("2026-01-01"))
	check(t, err)
	want := columnsOf(t, rfm, "2026-02-01")
	for _, save := range []SaveOptions{{}, {Compression: 3, Unsynced: true}} {
		check(t, rfm.Save(background, path, save))
		check(t, VerifyFile(background, path))
		info := must(InspectFile(path))
		equal(t, "kind", info.Kind, FileRFM)
		equal(t, "kind", info.Kind.String(), "RFM")
		equal(t, "compressed", info.Compressed > 0, save.Compression > 0)
		equal(t, "bytes", info.Bytes, must(os.Stat(path)).Size())
		loaded := must(LoadRFM(background, path, LoadOptions{}, WithThreads(1)))
		sameColumns(t, columnsOf(t, loaded, "2026-02-01"), want)
		equal(t, "settings", fmt.Sprint(must(loaded.Settings())), fmt.Sprint(must(rfm.Settings())))
		equal(t, "tombstones", must(loaded.Stats()).Forgotten, 1)
		check(t, loaded.Close())

		packed := must(rfm.SaveBytes(background, save))
		if file := must(os.ReadFile(path)); !bytes.Equal(packed, file) {
			t.Error("the bytes in memory are not those of the file")
		}
		loaded = must(LoadRFMBytes(background, packed, LoadOptions{}))
		clear(packed) // they are not kept
		sameColumns(t, columnsOf(t, loaded, "2026-02-01"), want)
		check(t, loaded.Close())
	}
	_, err = MapRFM(path, LoadOptions{})
	fails(t, err, ErrUnsupported)
	check(t, rfm.Save(background, path, SaveOptions{}))
	mapped := must(MapRFM(path, LoadOptions{}))
	defer mapped.Close()
	check(t, mapped.Verify(background))
	sameColumns(t, columnsOf(t, mapped, "2026-02-01"), want)
	check(t, second(mapped.Add(background, EventsOf(order(50, 1, "2026-01-20", 100)))))
	equal(t, "goes on", scored(t, mapped, "2026-02-01", ScoreOptions{}).Len(), 5)
	check(t, rfm.Verify(background))
}

func TestDictionaryInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids")
	dictionary, ids := newIDs(t, "alice", "bob")
	check(t, dictionary.Save(background, path, SaveOptions{}))
	equal(t, "kind", must(InspectFile(path)).Kind, FileIDs)
	equal(t, "kinds", fmt.Sprint(FileIDs, FileKind(9)), "IDs file kind 9")
	packed := must(dictionary.SaveBytes(background, SaveOptions{Compression: 1}))
	for name, loaded := range map[string]*IDs{
		"LoadIDs":      must(LoadIDs(background, path, LoadOptions{})),
		"LoadIDsBytes": must(LoadIDsBytes(background, packed, LoadOptions{})),
		"MapIDs":       must(MapIDs(path, LoadOptions{})),
	} {
		check(t, loaded.Verify(background))
		text, known := loaded.Name(ids[1])
		equal(t, name, text, "bob")
		equal(t, name, known, true)
		_, err := loaded.Encode(background, []string{"eve"})
		check(t, err)
		equal(t, name, must(loaded.Stats()).Strings, 3)
		equal(t, name, must(loaded.Stats()).BytesMapped > 0, name == "MapIDs")
		check(t, loaded.Close())
	}
	_, err := LoadRFM(background, path, LoadOptions{})
	fails(t, err, ErrFormat)
	_, err = LoadIDs(background, path, LoadOptions{MaxBytes: 1})
	fails(t, err, ErrLimit)
}

// Every byte of a small file, damaged: loading says so.
func TestDamagedFiles(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	packed := must(rfm.SaveBytes(background, SaveOptions{}))
	for at := 0; at < len(packed); at += 7 {
		packed[at] ^= 0x20
		_, err := LoadRFMBytes(background, packed, LoadOptions{})
		var e *Error
		if !errors.As(err, &e) || e.Code != ErrCorrupt && e.Code != ErrFormat {
			t.Fatalf("byte %d: got %v", at, err)
		}
		packed[at] ^= 0x20
	}
	for _, size := range []int{0, 1, 64, len(packed) / 2, len(packed) - 1} {
		if _, err := LoadRFMBytes(background, packed[:size], LoadOptions{}); err == nil {
			t.Errorf("%d bytes of %d were taken", size, len(packed))
		}
	}
}

func TestFilesThatCannotBe(t *testing.T) {
	rfm := newRFM(t, RFMOptions{})
	dictionary, _ := newIDs(t)
	missing := filepath.Join(t.TempDir(), "no", "such")
	_, loadRFM := LoadRFM(background, missing, LoadOptions{})
	_, loadIDs := LoadIDs(background, missing, LoadOptions{})
	_, mapRFM := MapRFM(missing, LoadOptions{})
	_, mapIDs := MapIDs(missing, LoadOptions{})
	for _, err := range []error{loadRFM, loadIDs, mapRFM, mapIDs,
		rfm.Save(background, missing, SaveOptions{}),
		dictionary.Save(background, missing, SaveOptions{})} {
		fails(t, err, ErrIO)
		equal(t, "fs.ErrNotExist", errors.Is(err, fs.ErrNotExist), true)
	}
	_, err := MapRFM("a\x00b", LoadOptions{})
	fails(t, err, ErrInvalid, "NUL")
	fails(t, rfm.Save(background, "a\x00b", SaveOptions{}), ErrInvalid, "NUL")
	fails(t, rfm.Save(background, missing, SaveOptions{Compression: 1 << 40}), ErrInvalid)
	fails(t, rfm.Save(background, missing, SaveOptions{Compression: 99}), ErrInvalid)
	_, err = LoadRFMBytes(background, nil, LoadOptions{})
	fails(t, err, ErrFormat)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err = LoadRFM(ctx, missing, LoadOptions{})
	fails(t, err, ErrCanceled)
	_, err = rfm.SaveBytes(ctx, SaveOptions{})
	fails(t, err, ErrCanceled)
	fails(t, VerifyFile(ctx, missing), ErrCanceled)
}
