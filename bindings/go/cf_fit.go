package pmkt

/*
#include <pmkt.h>

extern int pmktgoEach(void *ctx, int32_t iteration, double loss);

static void pmktgo_watch_each(pmkt_cf_als_options *options, void *ctx) {
    options->each.fn = pmktgoEach;
    options->each.ctx = ctx;
}

#cgo nocallback pmktgo_watch_each
#cgo nocallback pmkt_cf_knn_fit
#cgo nocallback pmkt_cf_popularity_fit
#cgo nocallback pmkt_cf_from_factors
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Loss is which loss ALS minimizes.
type Loss int32

// The losses.
const (
	LossIALS    Loss = C.PMKT_CF_IALS    // unobserved weight and frequency-scaled regularization
	LossClassic Loss = C.PMKT_CF_CLASSIC // confidence 1 + alpha * w
)

// Solver is how ALS solves for the factors of one user or item.
type Solver int32

// The solvers.
const (
	SolverCG       Solver = C.PMKT_CF_CG       // a few steps of conjugate gradient
	SolverCholesky Solver = C.PMKT_CF_CHOLESKY // exactly
)

// ALSOptions are the choices of implicit ALS. A zero is the default that stands behind it; write
// [CFZero] for zero. The header cf.h has the formulas.
type ALSOptions struct {
	Factors        int // 64; 1 to 1,024
	Iterations     int // 15
	Loss           Loss
	Solver         Solver
	CGSteps        int     // 3
	Regularization float64 // 0.03, or 0.01 with LossClassic
	Alpha          float64 // 1 / the mean |w| of the entries, so that the others suit entries of any scale
	Unobserved     float64 // 0.1; LossIALS only
	Nu             float64 // 0.5, or 0 with LossClassic
	Sigma          float64 // 0.1: deviation of the first factors, times sqrt(Factors)
	Seed           uint64  // of the first factors

	FirstUsers []float32 // Factors numbers a user, in the data's order, to start from; or nil
	FirstItems []float32 // the same of items; or nil

	// Each is told the number of every iteration, from 1, and its loss, while the fit waits. If it
	// answers true, that is enough: the model is as it is then. It runs on a goroutine of its own. nil:
	// nobody is told.
	Each func(iteration int, loss float64) (enough bool)

	// DropSeen: the model does not keep who had what, and leaves nothing out as seen.
	DropSeen bool
}

// toC is the options as C takes them, for data of so many users and items; 0 if it does not matter.
func (o *ALSOptions) toC(pin *runtime.Pinner, counts CFCounts) (*C.pmkt_cf_als_options, error) {
	p := pinned{pin: pin}
	c := &C.pmkt_cf_als_options{
		struct_size:    C.sizeof_pmkt_cf_als_options,
		factors:        p.small("Factors", o.Factors),
		iterations:     p.small("Iterations", o.Iterations),
		loss:           C.int32_t(o.Loss),
		solver:         C.int32_t(o.Solver),
		cg_steps:       p.small("CGSteps", o.CGSteps),
		regularization: C.double(o.Regularization),
		alpha:          C.double(o.Alpha),
		unobserved:     C.double(o.Unobserved),
		nu:             C.double(o.Nu),
		sigma:          C.double(o.Sigma),
		seed:           C.uint64_t(o.Seed),
		drop_seen:      boolean(o.DropSeen),
	}
	c.first_users = firstFactors(&p, "FirstUsers", o.FirstUsers, counts.Users, o.Factors)
	c.first_items = firstFactors(&p, "FirstItems", o.FirstItems, counts.Items, o.Factors)
	return c, p.err
}

// Who brings first factors has to say how many a row has, so that C reads no more than there are.
func firstFactors(p *pinned, name string, s []float32, rows int64, factors int) *C.float {
	if s == nil {
		return nil
	}
	if factors < 1 || len(s)%factors != 0 || int64(len(s)/factors) != rows {
		p.note(invalid("%s has %d numbers; expected %d rows of Factors", name, len(s), rows))
		return nil
	}
	return list[C.float](p, name, s, len(s), false)
}

// FitALS fits ALS. The factors are the same at any number of threads.
func FitALS(ctx context.Context, data *CFData, als ALSOptions, options ...Option) (*Model, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	c, err := als.toC(&pin, data.Counts())
	if err != nil {
		return nil, err
	}
	each := &eachCall{fn: als.Each}
	if als.Each != nil {
		watch := cgo.NewHandle(each)
		defer watch.Delete()
		at := new(cgo.Handle)
		*at = watch
		pin.Pin(at)
		C.pmktgo_watch_each(c, unsafe.Pointer(at))
	}
	return fit(ctx, data, options,
		func(at *C.pmkt_cf_data, run *running, model **C.pmkt_cf, e *C.pmkt_error) C.pmkt_status {
			each.run = run
			return C.pmkt_cf_als_fit(at, c, run.run, model, e)
		})
}

// fit runs a fit on data that stays open meanwhile.
func fit(
	ctx context.Context, data *CFData, options []Option,
	fn func(*C.pmkt_cf_data, *running, **C.pmkt_cf, *C.pmkt_error) C.pmkt_status,
) (*Model, error) {
	at, err := data.enter()
	if err != nil {
		return nil, err
	}
	defer data.h.leave()
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var model *C.pmkt_cf
	var e C.pmkt_error
	status := fn(at, run, &model, &e)
	err = run.finish(status, &e)
	return ownModel(model, err)
}

// Similarity is how alike two items are, by who had them.
type Similarity int32

// The similarities.
const (
	Cosine Similarity = C.PMKT_CF_COSINE
	TFIDF  Similarity = C.PMKT_CF_TFIDF
	BM25   Similarity = C.PMKT_CF_BM25
)

// ItemKNNOptions are the choices of item-kNN; the zero value is the default of each.
type ItemKNNOptions struct {
	Similarity Similarity
	Neighbors  int     // 100: the most similar items that each item keeps
	Shrinkage  float64 // 0: similarities are divided by 1 + Shrinkage / (users in common)
	K1         float64 // 1.2; of BM25
	B          float64 // 0.75; of BM25; CFZero is zero
	DropSeen   bool    // then there are no recommendations for known users
}

// FitItemKNN fits item-kNN, exactly.
func FitItemKNN(
	ctx context.Context, data *CFData, knn ItemKNNOptions, options ...Option,
) (*Model, error) {
	neighbors, err := narrow("Neighbors", knn.Neighbors)
	if err != nil {
		return nil, err
	}
	c := &C.pmkt_cf_knn_options{
		struct_size: C.sizeof_pmkt_cf_knn_options,
		similarity:  C.int32_t(knn.Similarity),
		neighbors:   neighbors,
		drop_seen:   boolean(knn.DropSeen),
		shrinkage:   C.double(knn.Shrinkage),
		k1:          C.double(knn.K1),
		b:           C.double(knn.B),
	}
	return fit(ctx, data, options,
		func(at *C.pmkt_cf_data, run *running, model **C.pmkt_cf, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_knn_fit(at, c, run.run, model, e)
		})
}

// PopularBy is what makes an item popular.
type PopularBy int32

// What makes an item popular.
const (
	PopularByWeight PopularBy = C.PMKT_CF_BY_WEIGHT // the sum of its entries above zero
	PopularByUsers  PopularBy = C.PMKT_CF_BY_USERS  // how many they are
)

// PopularityOptions say how popularity is counted.
type PopularityOptions struct {
	By       PopularBy
	DropSeen bool
}

// FitPopularity ranks items by popularity: of all time, or recent if the data has a short HalfLife or a
// Since; of one category if the query names it.
func FitPopularity(
	ctx context.Context, data *CFData, popularity PopularityOptions, options ...Option,
) (*Model, error) {
	c := &C.pmkt_cf_popularity_options{
		struct_size: C.sizeof_pmkt_cf_popularity_options,
		by:          C.int32_t(popularity.By),
		drop_seen:   boolean(popularity.DropSeen),
	}
	return fit(ctx, data, options,
		func(at *C.pmkt_cf_data, run *running, model **C.pmkt_cf, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_popularity_fit(at, c, run.run, model, e)
		})
}

// Factors are those of an ALS model, row by row.
type Factors struct {
	N      int // numbers a row
	UserID []uint64
	ItemID []uint64
	Users  []float32 // N numbers a user; may be empty on the way in
	Items  []float32 // N numbers an item
}

// User are the factors of one row of users.
func (f *Factors) User(row int) []float32 { return f.Users[row*f.N : (row+1)*f.N] }

// Item are the factors of one row of items.
func (f *Factors) Item(row int) []float32 { return f.Items[row*f.N : (row+1)*f.N] }

func (f *Factors) toC(pin *runtime.Pinner) (*C.pmkt_cf_factors, error) {
	p := pinned{pin: pin}
	c := &C.pmkt_cf_factors{
		struct_size:  C.sizeof_pmkt_cf_factors,
		factors:      p.small("N", f.N),
		users:        factorRows(&p, "Users", f.Users, f.N),
		items:        factorRows(&p, "Items", f.Items, f.N),
		user_factors: list[C.float](&p, "Users", f.Users, len(f.Users), false),
		item_factors: list[C.float](&p, "Items", f.Items, len(f.Items), false),
	}
	c.user_id = list[C.uint64_t](&p, "UserID", f.UserID, int(c.users), false)
	c.item_id = list[C.uint64_t](&p, "ItemID", f.ItemID, int(c.items), false)
	return c, p.err
}

func factorRows(p *pinned, name string, s []float32, n int) C.int64_t {
	if len(s) == 0 {
		return 0
	}
	if n < 1 || len(s)%n != 0 {
		p.note(invalid("%s has %d numbers; expected rows of N = %d", name, len(s), n))
		return 0
	}
	return C.int64_t(len(s) / n)
}

// ModelOf is an ALS model from factors that were made elsewhere, which are copied. Of the options those
// matter that say how histories are folded in. seen says who had what, and gives popularity and
// categories; nil: the model excludes nothing as seen and has no fallback.
func ModelOf(
	ctx context.Context, factors *Factors, seen *CFData, als ALSOptions, options ...Option,
) (*Model, error) {
	if factors == nil {
		return nil, invalid("the factors are nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	from, err := factors.toC(&pin)
	if err != nil {
		return nil, err
	}
	als.FirstUsers, als.FirstItems = nil, nil
	c, err := als.toC(&pin, CFCounts{})
	if err != nil {
		return nil, err
	}
	var known *C.pmkt_cf_data
	if seen != nil {
		if known, err = seen.enter(); err != nil {
			return nil, err
		}
		defer seen.h.leave()
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var model *C.pmkt_cf
	var e C.pmkt_error
	status := C.pmkt_cf_from_factors(from, known, c, run.run, &model, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(factors)
	return ownModel(model, err)
}

// String is "ials" or "classic".
func (l Loss) String() string {
	switch l {
	case LossIALS:
		return "ials"
	case LossClassic:
		return "classic"
	}
	return fmt.Sprintf("loss %d", int32(l))
}
