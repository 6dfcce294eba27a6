package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_rfm_scores_columns
// #cgo nocallback pmkt_rfm_scores_columns
// #cgo noescape pmkt_rfm_scores_find
// #cgo nocallback pmkt_rfm_scores_find
// #cgo noescape pmkt_rfm_summary
// #cgo nocallback pmkt_rfm_summary
// #cgo noescape pmkt_rfm_scores_name
// #cgo nocallback pmkt_rfm_scores_name
// #cgo noescape pmkt_rfm_scores_codes
// #cgo nocallback pmkt_rfm_scores_codes
// #cgo noescape pmkt_rfm_class_name_zh
// #cgo nocallback pmkt_rfm_class_name_zh
import "C"

import (
	"fmt"
	"iter"
	"slices"
	"time"
	"unsafe"
)

// The threshold bands, in columns R, F, M and Activity. Higher is better.
const (
	BandNone   = C.PMKT_RFM_BAND_NONE   // never ordered
	BandLow    = C.PMKT_RFM_BAND_LOW    // R: dormant
	BandMiddle = C.PMKT_RFM_BAND_MIDDLE // R: cooling; F, M: medium
	BandHigh   = C.PMKT_RFM_BAND_HIGH   // R: active
)

// The classes of the threshold scheme in column Segment: activity, frequency, value.
const (
	ActiveHighHigh  = C.PMKT_RFM_ACTIVE_HIGH_HIGH
	ActiveHighLow   = C.PMKT_RFM_ACTIVE_HIGH_LOW
	ActiveLowHigh   = C.PMKT_RFM_ACTIVE_LOW_HIGH
	ActiveLowLow    = C.PMKT_RFM_ACTIVE_LOW_LOW
	DormantHighHigh = C.PMKT_RFM_DORMANT_HIGH_HIGH
	DormantHighLow  = C.PMKT_RFM_DORMANT_HIGH_LOW
	DormantLowHigh  = C.PMKT_RFM_DORMANT_LOW_HIGH
	DormantLowLow   = C.PMKT_RFM_DORMANT_LOW_LOW
	NoOrder         = C.PMKT_RFM_NO_ORDER // nothing bought yet, or all of it given back
)

// ClassNameZH is the Chinese name of one of these classes; "" for another number.
func ClassNameZH(class int) string {
	if class < 0 || class > NoOrder {
		return ""
	}
	return C.GoString(C.pmkt_rfm_class_name_zh(C.int32_t(class)))
}

// The lifecycle in column Lifecycle. Churned wins.
const (
	LifecycleNew     = C.PMKT_RFM_NEW
	LifecycleGrowth  = C.PMKT_RFM_GROWTH
	LifecycleMature  = C.PMKT_RFM_MATURE
	LifecycleChurned = C.PMKT_RFM_CHURNED
)

// How near a customer is to the brand, in column BrandStage.
const (
	StageNotObserved = C.PMKT_RFM_NOT_OBSERVED // the state saw no behavior of anybody
	StageUnaware     = C.PMKT_RFM_UNAWARE      // nothing but a registration
	StageAware       = C.PMKT_RFM_AWARE
	StageInterested  = C.PMKT_RFM_INTERESTED // favorite, follow, cart, checkout
	StageBuyer       = C.PMKT_RFM_BUYER
	StageLoyal       = C.PMKT_RFM_LOYAL
)

// TierUnknown in column Tier: Summary mode, and the spend reaches further back.
const TierUnknown = C.PMKT_RFM_TIER_UNKNOWN

// The bits of column Flags.
const (
	FlagProspect   = C.PMKT_RFM_FLAG_PROSPECT   // no order counted
	FlagAtRisk     = C.PMKT_RFM_FLAG_AT_RISK    // idle for long, not yet churned
	FlagRegistered = C.PMKT_RFM_FLAG_REGISTERED // the age counts from a registration
)

// Grouping is by what to name, group and compare customers.
type Grouping int32

// The groupings.
const (
	BySegment    Grouping = C.PMKT_RFM_BY_SEGMENT
	ByLifecycle  Grouping = C.PMKT_RFM_BY_LIFECYCLE
	ByTier       Grouping = C.PMKT_RFM_BY_TIER
	ByBrandStage Grouping = C.PMKT_RFM_BY_BRAND_STAGE
	ByActivity   Grouping = C.PMKT_RFM_BY_ACTIVITY
	ByCell       Grouping = C.PMKT_RFM_BY_CELL // the bands or scores of R, F and M themselves
)

var groupings = [...]string{"segment", "lifecycle", "tier", "brand_stage", "activity", "cell"}

// String is such as "brand_stage".
func (g Grouping) String() string {
	if g >= 0 && int(g) < len(groupings) {
		return groupings[g]
	}
	return fmt.Sprintf("grouping %d", int32(g))
}

// Columns is what every customer is worth, one row a customer. Rows stand in an order that depends
// on the user ids alone. Money is in minor units.
type Columns struct {
	User           []uint64
	RecencyDays    []int32 // calendar days since the last order; -1 is none
	Orders         []int64
	OrdersPerMonth []float64
	AverageOrder   []int64
	Revenue        []int64
	TenureDays     []int32 // days since the registration, else since the first event
	R, F, M        []uint8 // bands, or scores of 1 to Bins; 0 is no order
	Segment        []uint8 // the class, or the row of the segment table
	Activity       []uint8 // in both schemes: the threshold band of R
	Lifecycle      []uint8
	BrandStage     []uint8
	Tier           []uint8 // the row of the tier table, or TierUnknown
	Flags          []uint8
	TierSpend      []int64 // spend of the last TierDays
	ToNextTier     []int64 // what is missing to the next tier; 0 is highest, or unknown
}

// Customer is one row of [Columns].
type Customer struct {
	User           uint64
	RecencyDays    int32
	Orders         int64
	OrdersPerMonth float64
	AverageOrder   int64
	Revenue        int64
	TenureDays     int32
	R, F, M        uint8
	Segment        uint8
	Activity       uint8
	Lifecycle      uint8
	BrandStage     uint8
	Tier           uint8
	Flags          uint8
	TierSpend      int64
	ToNextTier     int64
}

// Row is one customer of the columns.
func (c *Columns) Row(i int) Customer {
	return Customer{
		User: c.User[i], RecencyDays: c.RecencyDays[i], Orders: c.Orders[i],
		OrdersPerMonth: c.OrdersPerMonth[i], AverageOrder: c.AverageOrder[i],
		Revenue: c.Revenue[i], TenureDays: c.TenureDays[i], R: c.R[i], F: c.F[i], M: c.M[i],
		Segment: c.Segment[i], Activity: c.Activity[i], Lifecycle: c.Lifecycle[i],
		BrandStage: c.BrandStage[i], Tier: c.Tier[i], Flags: c.Flags[i],
		TierSpend: c.TierSpend[i], ToNextTier: c.ToNextTier[i],
	}
}

func (c *Columns) clone() Columns {
	return Columns{
		User: slices.Clone(c.User), RecencyDays: slices.Clone(c.RecencyDays),
		Orders: slices.Clone(c.Orders), OrdersPerMonth: slices.Clone(c.OrdersPerMonth),
		AverageOrder: slices.Clone(c.AverageOrder), Revenue: slices.Clone(c.Revenue),
		TenureDays: slices.Clone(c.TenureDays), R: slices.Clone(c.R), F: slices.Clone(c.F),
		M: slices.Clone(c.M), Segment: slices.Clone(c.Segment), Activity: slices.Clone(c.Activity),
		Lifecycle: slices.Clone(c.Lifecycle), BrandStage: slices.Clone(c.BrandStage),
		Tier: slices.Clone(c.Tier), Flags: slices.Clone(c.Flags),
		TierSpend: slices.Clone(c.TierSpend), ToNextTier: slices.Clone(c.ToNextTier),
	}
}

// Cuts are where the scores of the quantile scheme change, each with Bins - 1 entries: a score is
// above j + 1 exactly if the recency is below R[j], F above F[j], M above M[j].
type Cuts struct {
	R, F []float64
	M    []int64
}

// Scores is what every customer is worth as of a date. It never changes, and any number of goroutines
// may use it.
type Scores struct {
	h        *handle
	columns  Columns // over the library's memory: only between enter and leave
	cuts     Cuts    // a copy
	rows     int
	asOf     time.Time
	scheme   Scheme
	bins     int
	currency string
	exponent int
}

func ownScores(at *C.pmkt_rfm_scores) (*Scores, error) {
	s := &Scores{}
	s.h = own(s, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_rfm_scores_free((*C.pmkt_rfm_scores)(p))
	})
	c := C.pmkt_rfm_columns{struct_size: C.sizeof_pmkt_rfm_columns}
	var e C.pmkt_error
	if err := failure(C.pmkt_rfm_scores_columns(at, &c, &e), &e); err != nil {
		s.h.close()
		return nil, err
	}
	n := int(c.rows)
	s.rows, s.asOf = n, fromMillis(int64(c.as_of_ms))
	s.scheme, s.bins = Scheme(c.scheme), int(c.bins)
	s.currency, s.exponent = text(c.currency), int(c.currency_exponent)
	s.columns = Columns{
		User:           borrow[uint64](c.user, n),
		RecencyDays:    borrow[int32](c.recency_days, n),
		Orders:         borrow[int64](c.orders, n),
		OrdersPerMonth: borrow[float64](c.orders_per_month, n),
		AverageOrder:   borrow[int64](c.average_order, n),
		Revenue:        borrow[int64](c.revenue, n),
		TenureDays:     borrow[int32](c.tenure_days, n),
		R:              borrow[uint8](c.r, n),
		F:              borrow[uint8](c.f, n),
		M:              borrow[uint8](c.m, n),
		Segment:        borrow[uint8](c.segment, n),
		Activity:       borrow[uint8](c.activity, n),
		Lifecycle:      borrow[uint8](c.lifecycle, n),
		BrandStage:     borrow[uint8](c.brand_stage, n),
		Tier:           borrow[uint8](c.tier, n),
		Flags:          borrow[uint8](c.flags, n),
		TierSpend:      borrow[int64](c.tier_spend, n),
		ToNextTier:     borrow[int64](c.to_next_tier, n),
	}
	if s.bins > 0 {
		s.cuts = Cuts{
			R: slices.Clone(borrow[float64](c.r_cuts, s.bins-1)),
			F: slices.Clone(borrow[float64](c.f_cuts, s.bins-1)),
			M: slices.Clone(borrow[int64](c.m_cuts, s.bins-1)),
		}
	}
	return s, nil
}

// enter begins a call; h.leave ends it.
func (s *Scores) enter() (*C.pmkt_rfm_scores, error) {
	if s == nil || !s.h.enter() {
		return nil, closed("the set of scores")
	}
	return (*C.pmkt_rfm_scores)(s.h.at), nil
}

// Close frees the scores. It returns nil.
func (s *Scores) Close() error {
	if s != nil {
		s.h.close()
	}
	return nil
}

// Len is the number of customers.
func (s *Scores) Len() int { return s.rows }

// AsOf is the instant that was asked for.
func (s *Scores) AsOf() time.Time { return s.asOf }

// Scheme is the scheme that the scores were made by.
func (s *Scores) Scheme() Scheme { return s.scheme }

// Bins is the highest score of the quantile scheme; 0 in the threshold scheme.
func (s *Scores) Bins() int { return s.bins }

// Currency is the currency as the batches named it, or "", and how many decimals it has.
func (s *Scores) Currency() (code string, exponent int) { return s.currency, s.exponent }

// Cuts are those of the quantile scheme, without entries in the threshold scheme.
func (s *Scores) Cuts() Cuts {
	return Cuts{slices.Clone(s.cuts.R), slices.Clone(s.cuts.F), slices.Clone(s.cuts.M)}
}

// Columns is a copy of all columns.
func (s *Scores) Columns() (Columns, error) {
	if _, err := s.enter(); err != nil {
		return Columns{}, err
	}
	defer s.h.leave()
	return s.columns.clone(), nil
}

// Borrow lends the columns as they lie in the library's memory, without a copy. They may be neither
// changed nor used after fn has returned; the scores stay open until then, even if they are closed
// meanwhile. It returns what fn returns.
func (s *Scores) Borrow(fn func(columns *Columns) error) error {
	if _, err := s.enter(); err != nil {
		return err
	}
	defer s.h.leave()
	columns := s.columns
	return fn(&columns)
}

// All goes over the customers, in the order of the rows. Closed scores have none.
func (s *Scores) All() iter.Seq2[int, Customer] {
	return func(yield func(int, Customer) bool) {
		_ = s.Borrow(func(columns *Columns) error {
			for i := range columns.User {
				if !yield(i, columns.Row(i)) {
					break
				}
			}
			return nil
		})
	}
}

// Find writes the row of each user into row, or -1 for one who has none. row must be as long as
// users. No allocation.
func (s *Scores) Find(users []uint64, row []int64) error {
	if len(row) != len(users) {
		return invalid("row has %d entries, and users has %d", len(row), len(users))
	}
	at, err := s.enter()
	if err != nil {
		return err
	}
	defer s.h.leave()
	var e C.pmkt_error
	return failure(C.pmkt_rfm_scores_find(at, data[C.uint64_t](users), C.int64_t(len(users)),
		data[C.int64_t](row), &e), &e)
}

// Lookup is one customer, and whether the scores have them; closed scores have nobody. No allocation.
func (s *Scores) Lookup(user uint64) (Customer, bool) {
	at, err := s.enter()
	if err != nil {
		return Customer{}, false
	}
	defer s.h.leave()
	id, row := C.uint64_t(user), C.int64_t(-1)
	if C.pmkt_rfm_scores_find(at, &id, 1, &row, nil) != C.PMKT_OK || row < 0 {
		return Customer{}, false
	}
	return s.columns.Row(int(row)), true
}

// Name is what a code of a grouping is called, such as "active-high-low", "churned" or "gold"; "" for a
// code that does not exist. TierUnknown is a code of ByTier.
func (s *Scores) Name(by Grouping, code int) string {
	at, err := s.enter()
	if err != nil {
		return ""
	}
	defer s.h.leave()
	if by == ByTier && code == TierUnknown {
		code = int(C.pmkt_rfm_scores_codes(at, C.int32_t(by))) - 1
	}
	if code < 0 || code > 1<<30 {
		return ""
	}
	name := C.pmkt_rfm_scores_name(at, C.int32_t(by), C.int32_t(code))
	if name == nil {
		return ""
	}
	return C.GoString(name)
}

// Names are the names of all codes of a grouping, by code; for ByTier "unknown" is the last. nil for
// an unknown grouping, or ByCell with more than 5 bins.
func (s *Scores) Names(by Grouping) []string {
	at, err := s.enter()
	if err != nil {
		return nil
	}
	defer s.h.leave()
	codes := C.pmkt_rfm_scores_codes(at, C.int32_t(by))
	if codes < 0 {
		return nil
	}
	names := make([]string, codes)
	for i := range names {
		names[i] = C.GoString(C.pmkt_rfm_scores_name(at, C.int32_t(by), C.int32_t(i)))
	}
	return names
}

// Group is the customers of one code. Shares are from 0 to 1; averages of money are in minor units.
type Group struct {
	Name           string
	Code           int
	Customers      int64
	Orders         int64
	Revenue        int64 // minor units
	CustomerShare  float64
	OrderShare     float64
	RevenueShare   float64
	AverageOrder   float64
	AverageRevenue float64
	AverageRecency float64 // days, of customers with orders; -1 without
	OrdersPerMonth float64
}

// Summary sums the customers of each code of a grouping, empty groups included.
func (s *Scores) Summary(by Grouping) ([]Group, error) {
	at, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.h.leave()
	names := s.Names(by)
	c := make([]C.pmkt_rfm_group, len(names))
	var e C.pmkt_error
	status := C.pmkt_rfm_summary(at, C.int32_t(by), data[C.pmkt_rfm_group](c),
		C.sizeof_pmkt_rfm_group, C.int64_t(len(c)), &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	groups := make([]Group, len(c))
	for i := range c {
		groups[i] = Group{
			Name:           names[i],
			Code:           int(c[i].code),
			Customers:      int64(c[i].customers),
			Orders:         int64(c[i].orders),
			Revenue:        int64(c[i].revenue),
			CustomerShare:  float64(c[i].customer_share),
			OrderShare:     float64(c[i].order_share),
			RevenueShare:   float64(c[i].revenue_share),
			AverageOrder:   float64(c[i].average_order),
			AverageRevenue: float64(c[i].average_revenue),
			AverageRecency: float64(c[i].average_recency),
			OrdersPerMonth: float64(c[i].orders_per_month),
		}
	}
	return groups, nil
}
