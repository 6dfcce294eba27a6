package pmkt

/*
#include <pmkt.h>

enum { PMKTGO_RECOMMEND, PMKTGO_ITEMS, PMKTGO_USERS };

// The arrays of a question and its answer come one by one and become structs here, on the stack of C: in
// structs of Go they would have to be pinned, which allocates.
typedef struct pmktgo_rows {
    pmkt_cf_query query;
    pmkt_cf_answer answer;
    int64_t all[2];
} pmktgo_rows;

static void pmktgo_fill(pmktgo_rows *r, const pmkt_cf_query *query, const int64_t *exclude_at,
                        const uint64_t *exclude, int64_t n_exclude, uint64_t *ids, float *scores,
                        int32_t *counts, uint8_t *reasons) {
    r->query = *query;
    r->all[0] = 0;
    r->all[1] = n_exclude;
    if (exclude != NULL || exclude_at != NULL) {
        r->query.exclude_at = exclude_at != NULL ? exclude_at : r->all;
        r->query.exclude = exclude;
    }
    pmkt_cf_answer_init(&r->answer);
    r->answer.ids = ids;
    r->answer.scores = scores;
    r->answer.counts = counts;
    r->answer.reasons = reasons;
}

static pmkt_status pmktgo_ask(int what, const pmkt_cf *model, const uint64_t *rows, int64_t n,
                              const pmkt_cf_query *query, const int64_t *exclude_at,
                              const uint64_t *exclude, int64_t n_exclude, const pmkt_run *run,
                              uint64_t *ids, float *scores, int32_t *counts, uint8_t *reasons,
                              pmkt_error *err) {
    pmktgo_rows r;
    pmktgo_fill(&r, query, exclude_at, exclude, n_exclude, ids, scores, counts, reasons);
    switch (what) {
    case PMKTGO_ITEMS: return pmkt_cf_similar_items(model, rows, n, &r.query, run, &r.answer, err);
    case PMKTGO_USERS: return pmkt_cf_similar_users(model, rows, n, &r.query, run, &r.answer, err);
    default: return pmkt_cf_recommend(model, rows, n, &r.query, run, &r.answer, err);
    }
}

static void pmktgo_history(pmkt_cf_history *h, int64_t all[2], int64_t rows, const int64_t *at,
                           const uint64_t *items, int64_t n_items, const float *weights) {
    pmkt_cf_history_init(h);
    all[0] = 0;
    all[1] = n_items;
    h->rows = rows;
    h->at = at != NULL ? at : all;
    h->items = items;
    h->weights = weights;
}

static pmkt_status pmktgo_ask_history(const pmkt_cf *model, int64_t rows, const int64_t *at,
                                      const uint64_t *items, int64_t n_items, const float *weights,
                                      const pmkt_cf_query *query, const int64_t *exclude_at,
                                      const uint64_t *exclude, int64_t n_exclude,
                                      const pmkt_run *run, uint64_t *ids, float *scores,
                                      int32_t *counts, uint8_t *reasons, pmkt_error *err) {
    pmktgo_rows r;
    pmkt_cf_history h;
    int64_t all[2];
    pmktgo_fill(&r, query, exclude_at, exclude, n_exclude, ids, scores, counts, reasons);
    pmktgo_history(&h, all, rows, at, items, n_items, weights);
    return pmkt_cf_recommend_history(model, &h, &r.query, run, &r.answer, err);
}

static pmkt_status pmktgo_fold_in(const pmkt_cf *model, int64_t rows, const int64_t *at,
                                  const uint64_t *items, int64_t n_items, const float *weights,
                                  pmkt_cf_scratch *scratch, const pmkt_run *run, float *factors,
                                  pmkt_error *err) {
    pmkt_cf_history h;
    int64_t all[2];
    pmktgo_history(&h, all, rows, at, items, n_items, weights);
    return pmkt_cf_fold_in(model, &h, scratch, run, factors, err);
}

static pmkt_status pmktgo_rank(const pmkt_cf *model, const uint64_t *users, int64_t n,
                               const int64_t *at, const uint64_t *items, int64_t n_items,
                               pmkt_cf_scratch *scratch, const pmkt_run *run, uint64_t *ids,
                               float *scores, int32_t *counts, uint8_t *reasons, pmkt_error *err) {
    int64_t all[2] = {0, n_items};
    pmkt_cf_answer answer;
    pmkt_cf_answer_init(&answer);
    answer.ids = ids;
    answer.scores = scores;
    answer.counts = counts;
    answer.reasons = reasons;
    return pmkt_cf_rank(model, users, n, at != NULL ? at : all, items, scratch, run, &answer, err);
}

#cgo noescape pmktgo_ask
#cgo nocallback pmktgo_ask
#cgo noescape pmktgo_ask_history
#cgo nocallback pmktgo_ask_history
#cgo noescape pmktgo_fold_in
#cgo nocallback pmktgo_fold_in
#cgo noescape pmktgo_rank
#cgo nocallback pmktgo_rank
*/
import "C"

import (
	"context"
	"fmt"
	"math"
)

// Fallback is what to do for a user who is unknown, or a history of which no item is known.
type Fallback int32

// The fallbacks.
const (
	FallbackNothing Fallback = C.PMKT_CF_NOTHING // no answers
	FallbackPopular Fallback = C.PMKT_CF_POPULAR // what is popular, through the same filters
)

// Reason is why a row of an answer is as it is.
type Reason uint8

// The reasons.
const (
	ReasonAnswered  Reason = C.PMKT_CF_ANSWERED   // by the model; fewer if no more pass the filters
	ReasonUnknown   Reason = C.PMKT_CF_UNKNOWN    // the model knows neither user nor history
	ReasonFellBack  Reason = C.PMKT_CF_FELL_BACK  // FallbackPopular
	ReasonNoFactors Reason = C.PMKT_CF_NO_FACTORS // known, but with nothing to go by
)

var reasons = [...]string{"answered", "unknown", "fell back", "no factors"}

// String is such as "fell back".
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// defaultK is how many answers a row has if the query does not say.
const defaultK = 10

// Query is what to ask; the zero value is the default of each. Filters hold for what is answered: items,
// or users in SimilarUsers.
type Query struct {
	K        int  // 10: answers a row; any number, also above what there is
	KeepSeen bool // what a user has had, or a history names, is not left out
	Fallback Fallback
	Allow    *IDSet // only these; nil: all
	Deny     *IDSet // not these
	Category uint64 // only items of it; IDNone: all

	// Row i leaves out Exclude[ExcludeAt[i]:ExcludeAt[i+1]]; of one row, without ExcludeAt, all of it.
	Exclude   []uint64
	ExcludeAt []int64

	HasMinScore bool // only scores of at least MinScore
	MinScore    float32
}

func (q *Query) k() int {
	if q.K == 0 {
		return defaultK
	}
	return q.K
}

// toC begins the use of the sets; leave ends it.
func (q *Query) toC(rows int) (c C.pmkt_cf_query, err error) {
	if q.K < 0 || q.K > math.MaxInt32 {
		return c, invalid("K is %d; expected 0 to %d", q.K, math.MaxInt32)
	}
	if err = checkRows("ExcludeAt", q.ExcludeAt, "Exclude", len(q.Exclude), rows); err != nil {
		return c, err
	}
	c.struct_size = C.sizeof_pmkt_cf_query
	c.k = C.int32_t(q.k())
	c.keep_seen = boolean(q.KeepSeen)
	c.fallback = C.int32_t(q.Fallback)
	c.category = C.uint64_t(q.Category)
	c.has_min_score = boolean(q.HasMinScore)
	c.min_score = C.float(q.MinScore)
	if c.allow, err = enterSet(q.Allow); err != nil {
		return c, err
	}
	if c.deny, err = enterSet(q.Deny); err != nil {
		leaveSet(q.Allow)
	}
	return c, err
}

func (q *Query) leave() {
	leaveSet(q.Allow)
	leaveSet(q.Deny)
}

// checkRows says whether offsets fit the rows and the list that they cut, so that C reads no more than there
// is. Without offsets the list is that of one row.
func checkRows(name string, at []int64, list string, n, rows int) error {
	switch {
	case at == nil && (n == 0 || rows == 1):
		return nil
	case len(at) != rows+1:
		return invalid("%s has %d entries; expected one more than the %d rows", name, len(at), rows)
	case at[rows] != int64(n):
		return invalid("%s ends at %d, and %s has %d entries", name, at[rows], list, n)
	}
	return nil
}

// Answer is where answers go. Row i has the first Counts[i] of its part of IDs and Scores, best first; see Row.
// Parts are K long, or, in an answer that a method has made, as long as there are items (of SimilarUsers,
// users) if these are fewer.
type Answer struct {
	IDs     []uint64
	Scores  []float32 // or nil
	Counts  []int32   // one a row
	Reasons []Reason  // one a row, or nil

	k  int     // answers a row
	at []int64 // or, of Rank, where rows begin
}

// NewAnswer has room for k answers of each row.
func NewAnswer(rows, k int) *Answer {
	return &Answer{
		IDs: make([]uint64, rows*k), Scores: make([]float32, rows*k),
		Counts: make([]int32, rows), Reasons: make([]Reason, rows),
	}
}

// Row are the answers of one row, best first; scores is nil if they were not wanted.
func (a *Answer) Row(i int) (ids []uint64, scores []float32) {
	begin := i * a.k
	if a.at != nil {
		begin = int(a.at[i])
	}
	end := begin + int(a.Counts[i])
	if a.Scores != nil {
		scores = a.Scores[begin:end:end]
	}
	return a.IDs[begin:end:end], scores
}

// fits says whether there is room.
func (a *Answer) fits(rows, ids int) error {
	switch {
	case a == nil:
		return invalid("the answer is nil")
	case len(a.IDs) < ids:
		return invalid("IDs has room for %d; expected %d", len(a.IDs), ids)
	case a.Scores != nil && len(a.Scores) < ids:
		return invalid("Scores has room for %d; expected %d", len(a.Scores), ids)
	case len(a.Counts) < rows:
		return invalid("Counts has room for %d; expected %d", len(a.Counts), rows)
	case a.Reasons != nil && len(a.Reasons) < rows:
		return invalid("Reasons has room for %d; expected %d", len(a.Reasons), rows)
	}
	return nil
}

// room says whether there is room for k answers a row; by division, for a product may leave 64 bits.
func (a *Answer) room(rows, k int) error {
	if rows > 0 && k > math.MaxInt/rows {
		return invalid("%d rows of %d answers are too many", rows, k)
	}
	return a.fits(rows, rows*k)
}

// asking is one question under way: the model, and working memory or a run. A call for one row has the
// first, and allocates nothing once it is warm.
type asking struct {
	model   *C.pmkt_cf
	scratch *C.pmkt_cf_scratch
	run     *running
}

func (m *Model) begin(ctx context.Context, rows int, options []Option) (a asking, err error) {
	if a.model, err = m.enter(); err != nil {
		return a, err
	}
	if rows == 1 && len(options) == 0 {
		if err = canceled(ctx); err == nil {
			a.scratch, err = m.scratch.take()
		}
	} else {
		a.run, err = start(ctx, options)
	}
	if err != nil {
		m.h.leave()
	}
	return a, err
}

func (a *asking) c() *C.pmkt_run {
	if a.run == nil {
		return nil
	}
	return a.run.run
}

func (m *Model) end(a *asking, status C.pmkt_status, e *C.pmkt_error) error {
	if a.scratch != nil {
		m.scratch.give(a.scratch)
	}
	m.h.leave()
	if a.run != nil {
		return a.run.finish(status, e)
	}
	return failure(status, e)
}

func (m *Model) ask(
	ctx context.Context, what C.int, rows []uint64, query *Query, answer *Answer, options []Option,
) error {
	if err := answer.room(len(rows), query.k()); err != nil {
		return err
	}
	q, err := query.toC(len(rows))
	if err != nil {
		return err
	}
	defer query.leave()
	a, err := m.begin(ctx, len(rows), options)
	if err != nil {
		return err
	}
	q.scratch = a.scratch
	var e C.pmkt_error
	status := C.pmktgo_ask(what, a.model, data[C.uint64_t](rows), C.int64_t(len(rows)), &q,
		data[C.int64_t](query.ExcludeAt), data[C.uint64_t](query.Exclude),
		C.int64_t(len(query.Exclude)), a.c(), data[C.uint64_t](answer.IDs),
		data[C.float](answer.Scores), data[C.int32_t](answer.Counts),
		data[C.uint8_t](answer.Reasons), &e)
	answer.k, answer.at = query.k(), nil
	return m.end(&a, status, &e)
}

// Recommend are the best items for each of some users.
func (m *Model) Recommend(
	ctx context.Context, users []uint64, query Query, options ...Option,
) (*Answer, error) {
	return m.made(ctx, C.PMKTGO_RECOMMEND, users, &query, options)
}

// RecommendInto is the same into the caller's slices, which need room for len(users) rows of K answers; they
// are scratch if it fails. For one user without options it starts no thread and, but for the first calls,
// allocates nothing.
func (m *Model) RecommendInto(
	ctx context.Context, users []uint64, query *Query, answer *Answer, options ...Option,
) error {
	return m.ask(ctx, C.PMKTGO_RECOMMEND, users, query, answer, options)
}

// SimilarItems are the items most similar to each of some items, not itself.
func (m *Model) SimilarItems(
	ctx context.Context, items []uint64, query Query, options ...Option,
) (*Answer, error) {
	return m.made(ctx, C.PMKTGO_ITEMS, items, &query, options)
}

// SimilarItemsInto is the same into the caller's slices, as RecommendInto.
func (m *Model) SimilarItemsInto(
	ctx context.Context, items []uint64, query *Query, answer *Answer, options ...Option,
) error {
	return m.ask(ctx, C.PMKTGO_ITEMS, items, query, answer, options)
}

// SimilarUsers are the users most similar to each of some users; ALS only.
func (m *Model) SimilarUsers(
	ctx context.Context, users []uint64, query Query, options ...Option,
) (*Answer, error) {
	return m.made(ctx, C.PMKTGO_USERS, users, &query, options)
}

// SimilarUsersInto is the same into the caller's slices, as RecommendInto.
func (m *Model) SimilarUsersInto(
	ctx context.Context, users []uint64, query *Query, answer *Answer, options ...Option,
) error {
	return m.ask(ctx, C.PMKTGO_USERS, users, query, answer, options)
}

// newAnswer is room for a question, whose K is then no more than there can be answers: for more there is no
// need of memory.
func newAnswer(rows int, query *Query, known int64) (*Answer, error) {
	if k := query.k(); k >= 0 && k <= math.MaxInt32 { // others are refused
		query.K = int(min(int64(k), max(known, 1)))
	}
	k := query.k()
	if k < 0 || k > math.MaxInt32 || rows > 0 && k > (1<<40)/rows {
		return nil, invalid("K is %d, of %d rows", k, rows)
	}
	return NewAnswer(rows, k), nil
}

func (m *Model) made(
	ctx context.Context, what C.int, rows []uint64, query *Query, options []Option,
) (*Answer, error) {
	known := m.Info().Items
	if what == C.PMKTGO_USERS {
		known = m.Info().Users
	}
	answer, err := newAnswer(len(rows), query, known)
	if err != nil {
		return nil, err
	}
	if err := m.ask(ctx, what, rows, query, answer, options); err != nil {
		return nil, err
	}
	return answer, nil
}

// Histories are what some people did whom the model need not know. Row i did Items[At[i]:At[i+1]]; without At
// there is one row, which did all of it.
type Histories struct {
	At      []int64   // ascending from 0
	Items   []uint64  // in any order; unknown items are passed over
	Weights []float32 // as entries of the matrix; nil: all 1
}

// Rows is how many histories there are.
func (h *Histories) Rows() int {
	if h.At == nil {
		return 1
	}
	return max(len(h.At)-1, 0)
}

func (h *Histories) check() error {
	if h.At != nil && len(h.At) == 0 {
		return invalid("At has no entry; expected one more than there are rows")
	}
	if h.Weights != nil && len(h.Weights) != len(h.Items) {
		return invalid("Weights has %d entries, and Items has %d", len(h.Weights), len(h.Items))
	}
	return checkRows("At", h.At, "Items", len(h.Items), h.Rows())
}

// RecommendHistory are the best items for each history: with ALS, for the factors that would be solved for
// exactly from it.
func (m *Model) RecommendHistory(
	ctx context.Context, history Histories, query Query, options ...Option,
) (*Answer, error) {
	answer, err := newAnswer(history.Rows(), &query, m.Info().Items)
	if err != nil {
		return nil, err
	}
	if err := m.RecommendHistoryInto(ctx, &history, &query, answer, options...); err != nil {
		return nil, err
	}
	return answer, nil
}

// RecommendHistoryInto is the same into the caller's slices, as RecommendInto.
func (m *Model) RecommendHistoryInto(
	ctx context.Context, history *Histories, query *Query, answer *Answer, options ...Option,
) error {
	rows := history.Rows()
	if err := history.check(); err != nil {
		return err
	}
	if err := answer.room(rows, query.k()); err != nil {
		return err
	}
	q, err := query.toC(rows)
	if err != nil {
		return err
	}
	defer query.leave()
	a, err := m.begin(ctx, rows, options)
	if err != nil {
		return err
	}
	q.scratch = a.scratch
	var e C.pmkt_error
	status := C.pmktgo_ask_history(a.model, C.int64_t(rows), data[C.int64_t](history.At),
		data[C.uint64_t](history.Items), C.int64_t(len(history.Items)),
		data[C.float](history.Weights), &q, data[C.int64_t](query.ExcludeAt),
		data[C.uint64_t](query.Exclude), C.int64_t(len(query.Exclude)), a.c(),
		data[C.uint64_t](answer.IDs), data[C.float](answer.Scores),
		data[C.int32_t](answer.Counts), data[C.uint8_t](answer.Reasons), &e)
	answer.k, answer.at = query.k(), nil
	return m.end(&a, status, &e)
}

// FoldIn are the factors of each history, row by row; of one with nothing known, zeros. ALS only.
func (m *Model) FoldIn(ctx context.Context, history Histories, options ...Option) ([]float32, error) {
	factors := make([]float32, history.Rows()*m.Info().Factors)
	if err := m.FoldInInto(ctx, &history, factors, options...); err != nil {
		return nil, err
	}
	return factors, nil
}

// FoldInInto is the same into the caller's slice, which needs room for the factors of every row. For one
// row it allocates nothing, as RecommendInto.
func (m *Model) FoldInInto(
	ctx context.Context, history *Histories, factors []float32, options ...Option,
) error {
	rows := history.Rows()
	if err := history.check(); err != nil {
		return err
	}
	if n := m.Info().Factors; n > 0 && len(factors)/n < rows {
		return invalid("there is room for %d numbers; expected %d rows of %d", len(factors), rows, n)
	}
	a, err := m.begin(ctx, rows, options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	status := C.pmktgo_fold_in(a.model, C.int64_t(rows), data[C.int64_t](history.At),
		data[C.uint64_t](history.Items), C.int64_t(len(history.Items)),
		data[C.float](history.Weights), a.scratch, a.c(), data[C.float](factors), &e)
	return m.end(&a, status, &e)
}

// Rank orders given items for each user, best first, whatever the user has seen: row i those of
// items[at[i]:at[i+1]]; of one user, at may be nil. Items that the model does not know are left out.
func (m *Model) Rank(
	ctx context.Context, users []uint64, at []int64, items []uint64, options ...Option,
) (*Answer, error) {
	answer := &Answer{
		IDs: make([]uint64, len(items)), Scores: make([]float32, len(items)),
		Counts: make([]int32, len(users)), Reasons: make([]Reason, len(users)),
	}
	if err := m.RankInto(ctx, users, at, items, answer, options...); err != nil {
		return nil, err
	}
	return answer, nil
}

// RankInto is the same into the caller's slices, which need room for len(items) answers; the answer keeps
// at. For one user it allocates nothing, as RecommendInto.
func (m *Model) RankInto(
	ctx context.Context, users []uint64, at []int64, items []uint64, answer *Answer,
	options ...Option,
) error {
	if err := checkRows("at", at, "items", len(items), len(users)); err != nil {
		return err
	}
	if err := answer.fits(len(users), len(items)); err != nil {
		return err
	}
	a, err := m.begin(ctx, len(users), options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	status := C.pmktgo_rank(a.model, data[C.uint64_t](users), C.int64_t(len(users)),
		data[C.int64_t](at), data[C.uint64_t](items), C.int64_t(len(items)), a.scratch, a.c(),
		data[C.uint64_t](answer.IDs), data[C.float](answer.Scores),
		data[C.int32_t](answer.Counts), data[C.uint8_t](answer.Reasons), &e)
	answer.k, answer.at = 0, at
	return m.end(&a, status, &e)
}
