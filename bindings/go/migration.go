package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_rfm_migrate
// #cgo noescape pmkt_rfm_migration_matrix
// #cgo nocallback pmkt_rfm_migration_matrix
// #cgo noescape pmkt_rfm_migration_name
// #cgo nocallback pmkt_rfm_migration_name
// #cgo noescape pmkt_rfm_migration_users
// #cgo nocallback pmkt_rfm_migration_users
// #cgo noescape pmkt_rfm_migration_list
// #cgo nocallback pmkt_rfm_migration_list
// #cgo noescape pmkt_rfm_migration_rates
// #cgo nocallback pmkt_rfm_migration_rates
import "C"

import (
	"context"
	"slices"
	"unsafe"
)

// Migration is how customers moved between two scorings. It never changes, and any number of
// goroutines may use it. Its codes are those of the grouping, and one more, "absent", for customers
// whom one of the two scorings does not have.
type Migration struct {
	h     *handle
	by    Grouping
	names []string
}

// Migrate compares two scorings with the same names, the earlier one first.
func Migrate(
	ctx context.Context, before, after *Scores, by Grouping, options ...Option,
) (*Migration, error) {
	from, err := before.enter()
	if err != nil {
		return nil, err
	}
	defer before.h.leave()
	to, err := after.enter()
	if err != nil {
		return nil, err
	}
	defer after.h.leave()
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_rfm_migration
	var e C.pmkt_error
	status := C.pmkt_rfm_migrate(from, to, C.int32_t(by), run.run, &at, &e)
	if err := run.finish(status, &e); err != nil {
		return nil, err
	}
	return ownMigration(at, by), nil
}

func ownMigration(at *C.pmkt_rfm_migration, by Grouping) *Migration {
	m := &Migration{by: by}
	m.h = own(m, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_rfm_migration_free((*C.pmkt_rfm_migration)(p))
	})
	var codes C.int32_t
	C.pmkt_rfm_migration_matrix(at, &codes)
	for i := range codes {
		m.names = append(m.names, C.GoString(C.pmkt_rfm_migration_name(at, i)))
	}
	return m
}

func (m *Migration) enter() (*C.pmkt_rfm_migration, error) {
	if m == nil || !m.h.enter() {
		return nil, closed("the migration")
	}
	return (*C.pmkt_rfm_migration)(m.h.at), nil
}

// Close frees the migration. It returns nil.
func (m *Migration) Close() error {
	if m != nil {
		m.h.close()
	}
	return nil
}

// By is the grouping that was compared.
func (m *Migration) By() Grouping { return m.by }

// Names are the names of the codes; the last is "absent".
func (m *Migration) Names() []string { return slices.Clone(m.names) }

// Matrix has at [i][j] how many customers went from code i to code j.
func (m *Migration) Matrix() ([][]int64, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	var codes C.int32_t
	cells := slices.Clone(borrow[int64](C.pmkt_rfm_migration_matrix(at, &codes),
		len(m.names)*len(m.names)))
	matrix := make([][]int64, codes)
	for i := range matrix {
		matrix[i] = cells[i*int(codes) : (i+1)*int(codes) : (i+1)*int(codes)]
	}
	return matrix, nil
}

// Users are those who went from one code to another, in the order of the scores.
func (m *Migration) Users(from, to int) ([]uint64, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	for _, code := range []int{from, to} {
		if code < 0 || code >= len(m.names) {
			return nil, invalid("code %d does not exist; expected 0 to %d", code, len(m.names)-1)
		}
	}
	var n C.int64_t
	users := C.pmkt_rfm_migration_users(at, C.int32_t(from), C.int32_t(to), &n)
	return slices.Clone(borrow[uint64](users, int(n))), nil
}

// MigrationList is a list of users to act on.
type MigrationList int32

// The lists, highest revenue first.
const (
	ListWinBack MigrationList = C.PMKT_RFM_LIST_WIN_BACK // active or cooling before, dormant after
	ListWonBack MigrationList = C.PMKT_RFM_LIST_WON_BACK // dormant before, active after
)

// List is one of the lists of users.
func (m *Migration) List(list MigrationList) ([]uint64, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	if list != ListWinBack && list != ListWonBack {
		return nil, invalid("list %d does not exist", list)
	}
	var n C.int64_t
	users := C.pmkt_rfm_migration_list(at, C.int32_t(list), &n)
	return slices.Clone(borrow[uint64](users, int(n))), nil
}

// WinBack lists whom to win back: active or cooling before, dormant after; highest revenue first.
func (m *Migration) WinBack() ([]uint64, error) { return m.List(ListWinBack) }

// WonBack lists who was won back: dormant before, active after; highest revenue first.
func (m *Migration) WonBack() ([]uint64, error) { return m.List(ListWonBack) }

// Rates are what a win-back team watches; each is 0 if its base is 0.
type Rates struct {
	Customers           int64 // in both scorings
	Moved               int64 // of them, with another code
	DormantBefore       int64
	DormantToActive     int64
	ActiveBefore        int64
	ActiveToDormant     int64
	BuyersBefore        int64 // customers with orders in the first
	ChurnedBefore       int64 // of them, churned already then
	NewlyChurned        int64
	MovedRate           float64
	DormantToActiveRate float64 // the wake-up rate
	ActiveToDormantRate float64
	ChurnRate           float64 // NewlyChurned / (BuyersBefore - ChurnedBefore)
}

// Rates are those of this migration.
func (m *Migration) Rates() (Rates, error) {
	at, err := m.enter()
	if err != nil {
		return Rates{}, err
	}
	defer m.h.leave()
	c := C.pmkt_rfm_rates{struct_size: C.sizeof_pmkt_rfm_rates}
	var e C.pmkt_error
	if err := failure(C.pmkt_rfm_migration_rates(at, &c, &e), &e); err != nil {
		return Rates{}, err
	}
	return Rates{
		Customers:           int64(c.customers),
		Moved:               int64(c.moved),
		DormantBefore:       int64(c.dormant_before),
		DormantToActive:     int64(c.dormant_to_active),
		ActiveBefore:        int64(c.active_before),
		ActiveToDormant:     int64(c.active_to_dormant),
		BuyersBefore:        int64(c.buyers_before),
		ChurnedBefore:       int64(c.churned_before),
		NewlyChurned:        int64(c.newly_churned),
		MovedRate:           float64(c.moved_rate),
		DormantToActiveRate: float64(c.dormant_to_active_rate),
		ActiveToDormantRate: float64(c.active_to_dormant_rate),
		ChurnRate:           float64(c.churn_rate),
	}, nil
}
