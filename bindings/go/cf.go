package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_cf_info
// #cgo nocallback pmkt_cf_release
// #cgo nocallback pmkt_cf_ids
// #cgo nocallback pmkt_cf_get_factors
// #cgo nocallback pmkt_cf_scratch_new
// #cgo nocallback pmkt_cf_scratch_free
// #cgo nocallback pmkt_cf_save
// #cgo nocallback pmkt_cf_save_memory
// #cgo nocallback pmkt_cf_load
// #cgo nocallback pmkt_cf_load_memory
// #cgo nocallback pmkt_cf_map
// #cgo nocallback pmkt_cf_verify
import "C"

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"
)

// ModelKind is what a model is.
type ModelKind int32

// The kinds of models.
const (
	ModelALS        ModelKind = C.PMKT_CF_ALS        // score: dot product of factors
	ModelItemKNN    ModelKind = C.PMKT_CF_KNN        // score: sum of similarities to what the user has
	ModelPopularity ModelKind = C.PMKT_CF_POPULARITY // the same items for everybody
)

// String is "ALS", "item-kNN" or "popularity".
func (k ModelKind) String() string {
	switch k {
	case ModelALS:
		return "ALS"
	case ModelItemKNN:
		return "item-kNN"
	case ModelPopularity:
		return "popularity"
	}
	return fmt.Sprintf("model kind %d", int32(k))
}

// Model answers what somebody would like. It never changes; any number of goroutines may ask it.
type Model struct {
	h       *handle
	scratch *scratches
	info    ModelInfo
}

// scratches is the working memory of a model's calls of one row that are not under way. It is freed with
// the model, by its last user.
type scratches struct {
	mutex sync.Mutex
	rest  []*C.pmkt_cf_scratch
}

// take is working memory for one call; give gives it back.
func (s *scratches) take() (*C.pmkt_cf_scratch, error) {
	s.mutex.Lock()
	if n := len(s.rest); n > 0 {
		at := s.rest[n-1]
		s.rest = s.rest[:n-1]
		s.mutex.Unlock()
		return at, nil
	}
	s.mutex.Unlock()
	return newScratch()
}

func newScratch() (at *C.pmkt_cf_scratch, err error) {
	var e C.pmkt_error
	status := C.pmkt_cf_scratch_new(nil, &at, &e)
	return at, failure(status, &e)
}

func (s *scratches) give(at *C.pmkt_cf_scratch) {
	s.mutex.Lock()
	s.rest = append(s.rest, at)
	s.mutex.Unlock()
}

func (s *scratches) free() {
	for _, at := range s.rest {
		C.pmkt_cf_scratch_free(at)
	}
	s.rest = nil
}

func ownModel(at *C.pmkt_cf, err error) (*Model, error) {
	if err != nil {
		return nil, err
	}
	scratch := &scratches{}
	m := &Model{scratch: scratch}
	m.h = own(m, unsafe.Pointer(at), func(p unsafe.Pointer) {
		scratch.free()
		C.pmkt_cf_release((*C.pmkt_cf)(p))
	})
	m.info, err = infoOf(at)
	if err != nil {
		m.h.close()
		return nil, err
	}
	return m, nil
}

// enter begins a call; h.leave ends it.
func (m *Model) enter() (*C.pmkt_cf, error) {
	if m == nil || !m.h.enter() {
		return nil, closed("the model")
	}
	return (*C.pmkt_cf)(m.h.at), nil
}

// Close frees the model, or lets the last call under way do so. It returns nil.
func (m *Model) Close() error {
	if m != nil {
		m.h.close()
	}
	return nil
}

// ModelInfo is what a model is. What its kind does not have is 0.
type ModelInfo struct {
	Kind     ModelKind
	Users    int64
	Items    int64
	Entries  int64     // of the data it was fitted to
	AsOf     time.Time // of that data, or zero
	DataHash uint64
	Bytes    int64 // memory, without a file that it has mapped
	Mapped   int64 // bytes of that file
	HasSeen  bool  // it knows who had what

	Factors        int
	Iterations     int // that were run
	Loss           Loss
	Solver         Solver
	CGSteps        int
	Regularization float64
	Alpha          float64
	Unobserved     float64
	Nu             float64
	Sigma          float64
	Seed           uint64
	FinalLoss      float64 // after the last iteration

	Similarity Similarity
	Neighbors  int
	Shrinkage  float64
	K1         float64
	B          float64

	By PopularBy
}

func infoOf(at *C.pmkt_cf) (ModelInfo, error) {
	c := C.pmkt_cf_facts{struct_size: C.sizeof_pmkt_cf_facts}
	var e C.pmkt_error
	if err := failure(C.pmkt_cf_info(at, &c, &e), &e); err != nil {
		return ModelInfo{}, err
	}
	return ModelInfo{
		Kind: ModelKind(c.kind), Users: int64(c.users), Items: int64(c.items),
		Entries: int64(c.entries), AsOf: fromMillis(int64(c.as_of_ms)),
		DataHash: uint64(c.data_hash), Bytes: int64(c.bytes), Mapped: int64(c.mapped),
		HasSeen: c.has_seen != 0, Factors: int(c.factors), Iterations: int(c.iterations),
		Loss: Loss(c.loss), Solver: Solver(c.solver), CGSteps: int(c.cg_steps),
		Regularization: float64(c.regularization), Alpha: float64(c.alpha),
		Unobserved: float64(c.unobserved), Nu: float64(c.nu), Sigma: float64(c.sigma),
		Seed: uint64(c.seed), FinalLoss: float64(c.final_loss),
		Similarity: Similarity(c.similarity), Neighbors: int(c.neighbors),
		Shrinkage: float64(c.shrinkage), K1: float64(c.k1), B: float64(c.b), By: PopularBy(c.by),
	}, nil
}

// Info is what the model is; also of one that is closed.
func (m *Model) Info() ModelInfo {
	if m == nil {
		return ModelInfo{}
	}
	return m.info
}

// IDs are the users and items that the model knows, ascending.
func (m *Model) IDs() (users, items []uint64, err error) {
	at, err := m.enter()
	if err != nil {
		return nil, nil, err
	}
	defer m.h.leave()
	var u, i *C.uint64_t
	var nu, ni C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_cf_ids(at, &u, &nu, &i, &ni, &e), &e); err != nil {
		return nil, nil, err
	}
	return slices.Clone(borrow[uint64](u, int(nu))), slices.Clone(borrow[uint64](i, int(ni))), nil
}

// BorrowFactors lends the factors of an ALS model as they lie in the library's memory. They may be neither
// changed nor used after fn has returned. It returns what fn returns.
func (m *Model) BorrowFactors(fn func(factors *Factors) error) error {
	at, err := m.enter()
	if err != nil {
		return err
	}
	defer m.h.leave()
	c := C.pmkt_cf_factors{struct_size: C.sizeof_pmkt_cf_factors}
	var e C.pmkt_error
	if err := failure(C.pmkt_cf_get_factors(at, &c, &e), &e); err != nil {
		return err
	}
	n, users, items := int(c.factors), int(c.users), int(c.items)
	return fn(&Factors{
		N:      n,
		UserID: borrow[uint64](c.user_id, users),
		ItemID: borrow[uint64](c.item_id, items),
		Users:  borrow[float32](c.user_factors, users*n),
		Items:  borrow[float32](c.item_factors, items*n),
	})
}

// Factors is a copy of the factors of an ALS model.
func (m *Model) Factors() (*Factors, error) {
	var out *Factors
	err := m.BorrowFactors(func(f *Factors) error {
		out = &Factors{N: f.N, UserID: slices.Clone(f.UserID), ItemID: slices.Clone(f.ItemID),
			Users: slices.Clone(f.Users), Items: slices.Clone(f.Items)}
		return nil
	})
	return out, err
}

// call runs something long on the model.
func (m *Model) call(
	ctx context.Context, options []Option,
	fn func(*C.pmkt_cf, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	at, err := m.enter()
	if err != nil {
		return err
	}
	defer m.h.leave()
	run, err := start(ctx, options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	status := fn(at, run.run, &e)
	return run.finish(status, &e)
}

// Save writes the model to a file, in one step: a reader sees the old file or the new one.
func (m *Model) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
	c, err := save.toC()
	if err != nil {
		return err
	}
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return m.call(ctx, options,
		func(at *C.pmkt_cf, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_save(at, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message. Equal models are equal bytes.
func (m *Model) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, m.call(ctx, options,
		func(at *C.pmkt_cf, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_save_memory(at, c, run, &buffer, e)
		}))
}

// LoadModel reads a model from a file and verifies every checksum.
func LoadModel(
	ctx context.Context, path string, load LoadOptions, options ...Option,
) (*Model, error) {
	var made *C.pmkt_cf
	err := withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_load(name, load.toC(), run, &made, e)
		})
	return ownModel(made, err)
}

// LoadModelBytes is the same of bytes, which are not kept.
func LoadModelBytes(
	ctx context.Context, bytes []byte, load LoadOptions, options ...Option,
) (*Model, error) {
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var made *C.pmkt_cf
	var e C.pmkt_error
	status := C.pmkt_cf_load_memory(address(bytes), C.size_t(len(bytes)), load.toC(), run.run, &made, &e)
	return ownModel(made, run.finish(status, &e))
}

// MapModel is a model that uses a file in place: ready at once, whatever its size, and shared by all
// processes that map it. Later calls can answer ErrCorrupt. Never write into the file meanwhile; replace
// it by Save, or by a rename.
func MapModel(path string, load LoadOptions) (*Model, error) {
	name, free, err := cpath(path)
	if err != nil {
		return nil, err
	}
	defer free()
	var made *C.pmkt_cf
	var e C.pmkt_error
	status := C.pmkt_cf_map(name, load.toC(), &made, &e)
	return ownModel(made, failure(status, &e))
}

// Verify reads the whole file that the model has mapped and compares every checksum; nil at once for a
// model that has none.
func (m *Model) Verify(ctx context.Context, options ...Option) error {
	return m.call(ctx, options,
		func(at *C.pmkt_cf, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_verify(at, run, e)
		})
}
