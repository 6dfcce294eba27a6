package pmkt

// #include <pmkt.h>
import "C"

import "runtime"

// Scheme is how scores are made.
type Scheme int32

// The schemes.
const (
	Threshold Scheme = C.PMKT_RFM_THRESHOLD // fixed bands; eight classes
	Quantile  Scheme = C.PMKT_RFM_QUANTILE  // equal shares of the customers; named segments
)

// String is "threshold" or "quantile".
func (s Scheme) String() string {
	if s == Quantile {
		return "quantile"
	}
	return "threshold"
}

// Collapse is how the middle bands fall into the eight classes, which know only high and low.
type Collapse int32

// The ways to collapse.
const (
	Strict     Collapse = C.PMKT_RFM_STRICT      // high from the high threshold on; all else is low
	MiddleHigh Collapse = C.PMKT_RFM_MIDDLE_HIGH // the middle is high
	Mean       Collapse = C.PMKT_RFM_MEAN        // high from the mean of all buyers on
	Median     Collapse = C.PMKT_RFM_MEDIAN      // high from the median on
	Hysteresis Collapse = C.PMKT_RFM_HYSTERESIS  // the middle stays what Previous said
)

// Frequency is what F measures.
type Frequency int32

// What F measures.
const (
	FrequencyDefault  Frequency = C.PMKT_RFM_F_DEFAULT // Threshold: per month; Quantile: orders
	FrequencyPerMonth Frequency = C.PMKT_RFM_F_PER_MONTH
	FrequencyOrders   Frequency = C.PMKT_RFM_F_ORDERS
)

// Monetary is what M measures.
type Monetary int32

// What M measures.
const (
	MonetaryDefault Monetary = C.PMKT_RFM_M_DEFAULT // Threshold: average order; Quantile: revenue
	MonetaryAverage Monetary = C.PMKT_RFM_M_AVERAGE
	MonetaryRevenue Monetary = C.PMKT_RFM_M_REVENUE
)

// Zero is a bound of exactly zero in [ScoreOptions], where a plain 0 is the default.
const Zero = C.PMKT_RFM_ZERO

// Tier is a membership tier, from so many minor units of spend on, these included.
type Tier struct {
	Name string
	From int64
}

// Range is a range of quantile scores, bounds included; a bound of 0 is open.
type Range struct{ Min, Max uint8 }

// Segment is a named range of quantile scores. The first of a table that fits wins.
type Segment struct {
	Name    string
	R, F, M Range
}

// ScoreOptions say how to score. A zero is the default that stands behind it; write [Zero] for a bound
// of zero. Bounds are exact and compared without rounding.
type ScoreOptions struct {
	Scheme    Scheme
	Bins      int // 5; quantile scores run from 1 to Bins
	Collapse  Collapse
	Frequency Frequency
	Monetary  Monetary

	ActiveDays  int     // 30: active if the last order is at most so many days ago
	DormantDays int     // 90: dormant if at least so many; between: cooling
	FHigh       float64 // 3: high from here on
	FLow        float64 // 1: low up to here; between: medium
	MHigh       int64   // minor units: high from here on; 200 units of the currency
	MLow        int64   // low up to here; 50 units

	MonthDays   int // 30: the month of "orders per month"
	FWindowDays int // 0: the pace between first and last order; else of the last so many days

	GrowthDays  int // 7: age from which a new customer is growing
	MatureDays  int // 90: age from which they are mature
	ChurnDays   int // 180: churned if so many days passed without an order
	AtRiskDays  int // 90: flagged at risk from here to churn
	LoyalOrders int // 2: loyal buyers ordered so often and are not churned
	TierDays    int // 365: spend of the last so many days decides the tier

	Tiers    []Tier    // ascending, the first from 0; nil: silver, and gold from 5,000 units
	Segments []Segment // nil: the built-in table if Bins is 5, else none
	Previous *Scores   // for Hysteresis
}

// toC is the options as C takes them, with all that they point at pinned.
func (o *ScoreOptions) toC(pin *runtime.Pinner) (*C.pmkt_rfm_score_options, error) {
	p := pinned{pin: pin}
	c := &C.pmkt_rfm_score_options{
		struct_size:   C.sizeof_pmkt_rfm_score_options,
		scheme:        C.int32_t(o.Scheme),
		bins:          p.small("Bins", o.Bins),
		collapse:      C.int32_t(o.Collapse),
		frequency:     C.int32_t(o.Frequency),
		monetary:      C.int32_t(o.Monetary),
		active_days:   p.small("ActiveDays", o.ActiveDays),
		dormant_days:  p.small("DormantDays", o.DormantDays),
		f_high:        C.double(o.FHigh),
		f_low:         C.double(o.FLow),
		m_high:        C.int64_t(o.MHigh),
		m_low:         C.int64_t(o.MLow),
		month_days:    p.small("MonthDays", o.MonthDays),
		f_window_days: p.small("FWindowDays", o.FWindowDays),
		growth_days:   p.small("GrowthDays", o.GrowthDays),
		mature_days:   p.small("MatureDays", o.MatureDays),
		churn_days:    p.small("ChurnDays", o.ChurnDays),
		at_risk_days:  p.small("AtRiskDays", o.AtRiskDays),
		loyal_orders:  p.small("LoyalOrders", o.LoyalOrders),
		tier_days:     p.small("TierDays", o.TierDays),
	}
	c.tiers, c.n_tiers = tierTable(&p, o.Tiers)
	c.segments, c.n_segments = segmentTable(&p, o.Segments)
	if o.Previous != nil {
		c.previous = (*C.pmkt_rfm_scores)(o.Previous.h.at)
	}
	return c, p.err
}

func tierTable(p *pinned, tiers []Tier) (*C.pmkt_rfm_tier, C.int64_t) {
	if len(tiers) == 0 {
		return nil, 0
	}
	table := make([]C.pmkt_rfm_tier, len(tiers))
	for i, tier := range tiers {
		table[i].name = cstring(p, tier.Name)
		table[i].from_minor = C.int64_t(tier.From)
	}
	p.pin.Pin(&table[0])
	return &table[0], C.int64_t(len(table))
}

func segmentTable(p *pinned, segments []Segment) (*C.pmkt_rfm_segment, C.int64_t) {
	if len(segments) == 0 {
		return nil, 0
	}
	table := make([]C.pmkt_rfm_segment, len(segments))
	for i, s := range segments {
		table[i] = C.pmkt_rfm_segment{
			name:  cstring(p, s.Name),
			r_min: C.uint8_t(s.R.Min), r_max: C.uint8_t(s.R.Max),
			f_min: C.uint8_t(s.F.Min), f_max: C.uint8_t(s.F.Max),
			m_min: C.uint8_t(s.M.Min), m_max: C.uint8_t(s.M.Max),
		}
	}
	p.pin.Pin(&table[0])
	return &table[0], C.int64_t(len(table))
}
