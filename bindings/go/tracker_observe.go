package pmkt

/*
#include <pmkt.h>
#include <string.h>

// Extra columns that need no table of Go's, which would have to be pinned.
enum { PMKTGO_EXTRA = 8 };

// What of a batch, its answers and its report are no addresses.
typedef struct pmktgo_turn {
    int64_t rows, n_extra;
    int32_t on_bad, every_kind, exponent, reserved;
    int32_t type[PMKTGO_EXTRA];
    char currency[8];
    int64_t room, from, done, n_fired;
    int64_t reported, accepted, rejected, ignored, first_bad;
    int64_t by_reason[PMKT_BAD_REASONS];
} pmktgo_turn;

// One event.
typedef struct pmktgo_event {
    uint64_t user, item, category, order, session, channel, event_id;
    int64_t time, amount, quantity;
    uint16_t kind;
} pmktgo_event;

// Columns come one by one and become structs here, on the stack of C: in structs of Go they would have to be
// pinned, which allocates.
static void pmktgo_tracker_answers(pmkt_tracker_answers *out, const pmktgo_turn *turn, double *p_goal,
                                   double *p_cart, double *time_ms, uint32_t *next, double *next_p,
                                   int32_t *rule, pmkt_tracker_fired *fired) {
    pmkt_tracker_answers_init(out);
    out->p_goal = p_goal;
    out->p_cart = p_cart;
    out->time_ms = time_ms;
    out->next = next;
    out->next_p = next_p;
    out->rule = rule;
    out->fired = fired;
    out->room = turn->room;
    out->from = turn->from;
    out->done = turn->from;
}

static pmkt_status pmktgo_tracker_take(pmkt_tracker *tracker, pmktgo_turn *turn, const pmkt_events *events,
                                       uint8_t *bits, pmkt_tracker_answers *out, pmkt_error *err) {
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = bits;
    const pmkt_status status = pmkt_tracker_observe(tracker, events, &report, out, err);
    turn->reported = report.rows;
    turn->accepted = report.accepted;
    turn->rejected = report.rejected;
    turn->ignored = report.ignored;
    turn->first_bad = report.first_bad;
    memcpy(turn->by_reason, report.by_reason, sizeof turn->by_reason);
    if (out != NULL) {
        turn->done = out->done;
        turn->n_fired = out->n_fired;
    }
    return status;
}

static pmkt_status pmktgo_tracker_observe(
    pmkt_tracker *tracker, pmktgo_turn *turn, const uint64_t *user, const int64_t *time,
    const uint16_t *kind, const uint64_t *item, const uint64_t *category, const uint64_t *order,
    const uint64_t *session, const uint64_t *channel, const uint64_t *event_id, const int64_t *amount,
    const int64_t *quantity, const uint8_t *reject, const pmkt_column *extra, const char *names,
    const int64_t *x0, const int64_t *x1, const int64_t *x2, const int64_t *x3, const int64_t *x4,
    const int64_t *x5, const int64_t *x6, const int64_t *x7, uint8_t *bits, int answers, double *p_goal,
    double *p_cart, double *time_ms, uint32_t *next, double *next_p, int32_t *rule,
    pmkt_tracker_fired *fired, pmkt_error *err) {
    pmkt_column table[PMKTGO_EXTRA];
    if (extra == NULL) {
        const int64_t *const x[PMKTGO_EXTRA] = {x0, x1, x2, x3, x4, x5, x6, x7};
        for (int64_t i = 0; i < turn->n_extra; i++) {
            table[i] = (pmkt_column){names, x[i], turn->type[i], 0};
            names += strlen(names) + 1;
        }
        extra = table;
    }
    pmkt_events events = {sizeof events, turn->on_bad, turn->rows, user, time, kind, item, category, order,
                          session, channel, event_id, amount, quantity, turn->n_extra ? extra : NULL,
                          turn->n_extra, turn->every_kind, turn->exponent, {0}, reject};
    memcpy(events.currency, turn->currency, sizeof events.currency);
    pmkt_tracker_answers out;
    pmktgo_tracker_answers(&out, turn, p_goal, p_cart, time_ms, next, next_p, rule, fired);
    return pmktgo_tracker_take(tracker, turn, &events, bits, answers ? &out : NULL, err);
}

static pmkt_status pmktgo_tracker_observe_one(pmkt_tracker *tracker, pmktgo_turn *turn,
                                              const pmktgo_event *e, double *p_goal, double *p_cart,
                                              double *time_ms, uint32_t *next, double *next_p,
                                              int32_t *rule, pmkt_tracker_fired *fired,
                                              pmkt_error *err) {
    const pmkt_events events = {sizeof events, 0, 1, &e->user, &e->time, &e->kind, &e->item, &e->category,
                                &e->order, &e->session, &e->channel, &e->event_id, &e->amount,
                                &e->quantity, NULL, 0, 0, 0, {0}, NULL};
    pmkt_tracker_answers out;
    pmktgo_tracker_answers(&out, turn, p_goal, p_cart, time_ms, next, next_p, rule, fired);
    return pmktgo_tracker_take(tracker, turn, &events, NULL, &out, err);
}

#cgo noescape pmktgo_tracker_observe
#cgo nocallback pmktgo_tracker_observe
#cgo noescape pmktgo_tracker_observe_one
#cgo nocallback pmktgo_tracker_observe_one
*/
import "C"

import (
	"runtime"
	"slices"
	"strings"
)

// TrackerAnswers is what is asked of events, and where answers go. Each column is empty, or as long as the batch;
// Next and NextP are IntentTop times as long. Entries of rows that a call does not take are left as they
// are. A row that is bad or late has NaN, Next 0 and Rule -1. It may be used again and again, by one goroutine
// at a time.
type TrackerAnswers struct {
	PGoal  []float64 // P(the goal comes later in the session)
	PCart  []float64 // of carts: P(the user reaches the goal within CartWithin of the model); else NaN
	TimeMs []float64 // mean time until the goal, if it is reached
	Next   []Action  // the likeliest next actions or ends, best first
	NextP  []float64 // their probabilities
	Rule   []int32   // the strongest rule that fired at the event, of equals the first; -1: none

	// Fired takes all that fired, in the order of rows: the first NFired of it. It needs room for as many as
	// the rules have intents; empty, what fires is only counted.
	Fired []Fired

	From   int // in: the first row to take
	Done   int // out: the row after the last one that was taken
	NFired int // out

	bits  []byte // of reports
	names []byte // of extra columns
}

// NewAnswers has room for all that the model in force tells of so many rows, and for so much that fires; at least
// for all that one event can fire, with waits that are over.
func (t *Tracker) NewAnswers(rows, room int) (*TrackerAnswers, error) {
	if rows < 0 {
		return nil, invalid("there are %d rows", rows)
	}
	model, err := t.Model()
	if err != nil {
		return nil, err
	}
	rules, _, err := t.Rules()
	if err != nil {
		_ = model.Close()
		return nil, err
	}
	out := &TrackerAnswers{}
	if rules != nil {
		out.Rule = make([]int32, rows)
		out.Fired = make([]Fired, max(room, rules.info.Intents+t.partials))
		_ = rules.Close()
	}
	if model != nil {
		if model.info.Rows > 0 {
			out.PGoal = make([]float64, rows)
		}
		if model.info.CartRows > 0 {
			out.PCart = make([]float64, rows)
		}
		out.TimeMs = make([]float64, rows)
		out.Next = make([]Action, rows*IntentTop)
		out.NextP = make([]float64, rows*IntentTop)
		_ = model.Close()
	}
	return out, nil
}

// check says whether each column is empty or of the right length.
func (a *TrackerAnswers) check(rows int) error {
	for _, length := range [...]int{len(a.PGoal), len(a.PCart), len(a.TimeMs), len(a.Rule)} {
		if length != 0 && length != rows {
			return invalid("there is room for %d answers, and there are %d events", length, rows)
		}
	}
	for _, length := range [...]int{len(a.Next), len(a.NextP)} {
		if length != 0 && (length%IntentTop != 0 || length/IntentTop != rows) {
			return invalid("Next and NextP take %d answers an event", IntentTop)
		}
	}
	return nil
}

// begin clears what the last call left, and says where this one begins.
func (a *TrackerAnswers) begin(turn *C.pmktgo_turn) {
	a.Done, a.NFired = a.From, 0
	turn.from, turn.done, turn.room = C.int64_t(a.From), C.int64_t(a.From), C.int64_t(len(a.Fired))
}

func (a *TrackerAnswers) end(turn *C.pmktgo_turn) {
	a.Done, a.NFired = int(turn.done), int(turn.n_fired)
}

// report is what became of the rows; it shares its bits with the answers.
func (a *TrackerAnswers) report(turn *C.pmktgo_turn) Report {
	out := Report{
		Rows:     int64(turn.reported),
		Accepted: int64(turn.accepted),
		Rejected: int64(turn.rejected),
		Ignored:  int64(turn.ignored),
		FirstBad: int64(turn.first_bad),
	}
	for i := range out.ByReason {
		out.ByReason[i] = int64(turn.by_reason[i])
	}
	if out.Rejected > 0 {
		out.bits = a.bits
	}
	return out
}

// lend takes the extra columns of a batch into arguments of a call. It is false for more than there are
// arguments.
func (a *TrackerAnswers) lend(
	p *pinned, columns []Column, turn *C.pmktgo_turn,
) (x [C.PMKTGO_EXTRA]*C.int64_t, ok bool) {
	if len(columns) > len(x) {
		return x, false
	}
	a.names = a.names[:0]
	for i := range columns {
		from := &columns[i]
		if strings.IndexByte(from.Name, 0) >= 0 {
			p.note(invalid("the name %q holds a NUL", from.Name))
		}
		a.names = append(append(a.names, from.Name...), 0)
		switch {
		case from.Int64 != nil:
			turn._type[i], x[i] = C.PMKT_TYPE_INT64, column[C.int64_t](p, from.Name, from.Int64)
		case from.Uint64 != nil:
			turn._type[i], x[i] = C.PMKT_TYPE_UINT64, column[C.int64_t](p, from.Name, from.Uint64)
		default:
			turn._type[i], x[i] = C.PMKT_TYPE_DOUBLE, column[C.int64_t](p, from.Name, from.Double)
		}
	}
	return x, true
}

// Observe takes the events of a batch from out.From on, in the order of the rows, and answers into the slices of
// out that are not empty. If what fires has no more room it stops; then go on:
//
//	for out.From = 0; ; out.From = out.Done {
//		report, err := tracker.Observe(batch, out)
//		...                          // out.Fired[:out.NFired]
//		if out.Done == batch.Len() {
//			break
//		}
//	}
//
// With a nil out only the state changes. The report is of the rows that were taken, of which late ones are Ignored;
// which were rejected it knows until the next call with the same out. Once out is warm it allocates nothing, for
// up to 8 extra columns.
func (t *Tracker) Observe(batch *Events, out *TrackerAnswers) (Report, error) {
	none := Report{FirstBad: -1}
	if batch == nil {
		return none, invalid("the batch is nil")
	}
	answers := C.int(1)
	if out == nil {
		answers, out = 0, &TrackerAnswers{}
	}
	p := pinned{rows: max(len(batch.User), len(batch.Time))}
	events := batch.columns(&p)
	turn := C.pmktgo_turn{
		rows: events.rows, n_extra: C.int64_t(len(batch.Extra)), on_bad: events.on_bad,
		every_kind: events.every_kind, exponent: events.currency_exponent, currency: events.currency,
	}
	x, ok := out.lend(&p, batch.Extra, &turn)
	if !ok {
		var pin runtime.Pinner
		defer pin.Unpin()
		p.pin = &pin
		events.extra, events.n_extra = extraColumns(&p, batch.Extra)
	}
	if p.err != nil {
		return none, p.err
	}
	if err := out.check(p.rows); err != nil {
		return none, err
	}
	at, err := t.enter()
	if err != nil {
		return none, err
	}
	defer t.h.leave()
	out.begin(&turn)
	size := (p.rows + 7) / 8
	out.bits = slices.Grow(out.bits[:0], size)[:size]
	var e C.pmkt_error
	status := C.pmktgo_tracker_observe(at, &turn, events.user, events.time, events.kind, events.item,
		events.category, events.order, events.session, events.channel, events.event_id, events.amount,
		events.quantity, events.reject, events.extra, data[C.char](out.names), x[0], x[1], x[2], x[3],
		x[4], x[5], x[6], x[7], data[C.uint8_t](out.bits), answers, data[C.double](out.PGoal),
		data[C.double](out.PCart), data[C.double](out.TimeMs), data[C.uint32_t](out.Next),
		data[C.double](out.NextP), data[C.int32_t](out.Rule), data[C.pmkt_tracker_fired](out.Fired), &e)
	out.end(&turn)
	runtime.KeepAlive(batch)
	return out.report(&turn), failure(status, &e)
}

// ObserveOne takes one event and answers into the slices of out that are not empty, each as long as for a batch of
// one row. It says whether the event was taken, which a late one is not; a bad one is an error. If out.Done is 0
// there was no room for all that fires, which NewAnswers has: call again. Fields that are zero are null, as in
// EventsOf. For rules with columns beyond the standard ones, observe a batch of one row. It allocates nothing.
func (t *Tracker) ObserveOne(event Event, out *TrackerAnswers) (taken bool, err error) {
	if out == nil {
		return false, invalid("the answers are nil")
	}
	if err := out.check(1); err != nil {
		return false, err
	}
	at, err := t.enter()
	if err != nil {
		return false, err
	}
	defer t.h.leave()
	amount, quantity := event.numbers()
	c := C.pmktgo_event{
		user: C.uint64_t(event.User), item: C.uint64_t(event.Item), category: C.uint64_t(event.Category),
		order: C.uint64_t(event.Order), session: C.uint64_t(event.Session),
		channel: C.uint64_t(event.Channel), event_id: C.uint64_t(event.EventID),
		time: C.int64_t(millis(event.Time)), amount: C.int64_t(amount), quantity: C.int64_t(quantity),
		kind: C.uint16_t(event.Kind),
	}
	turn := C.pmktgo_turn{rows: 1}
	out.From = 0
	out.begin(&turn)
	var e C.pmkt_error
	status := C.pmktgo_tracker_observe_one(at, &turn, &c, data[C.double](out.PGoal), data[C.double](out.PCart),
		data[C.double](out.TimeMs), data[C.uint32_t](out.Next), data[C.double](out.NextP),
		data[C.int32_t](out.Rule), data[C.pmkt_tracker_fired](out.Fired), &e)
	out.end(&turn)
	return turn.accepted == 1, failure(status, &e)
}
