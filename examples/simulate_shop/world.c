#include "world.h"

#include <stdlib.h>

static const char *const categories[CATEGORIES] = {
    "lamps", "kitchen", "shoes", "bags", "garden", "sports", "toys", "desk", "bedroom", "tools"};

/* Of each category, from the cheapest to the dearest. */
static const char *const names[CATEGORIES][IN_CATEGORY] = {
    {"Night Light", "Clip Lamp", "String Lights", "Clamp Lamp", "Bedside Lamp", "Desk Lamp",
     "Paper Lantern", "Wall Lamp", "Reading Lamp", "Pendant Lamp", "Floor Lamp", "Arc Lamp"},
    {"Peeler", "Whisk", "Chopping Board", "Mixing Bowl", "Paring Knife", "Kitchen Scale",
     "Saucepan", "Frying Pan", "Chef's Knife", "Kettle", "Casserole", "Stand Mixer"},
    {"Shoe Laces", "Insoles", "Slippers", "Sandals", "Canvas Shoes", "Clogs", "Trainers",
     "Running Shoes", "Loafers", "Ankle Boots", "Hiking Boots", "Winter Boots"},
    {"Coin Purse", "Pouch", "Tote Bag", "Belt Bag", "Shoulder Bag", "Gym Bag", "Toilet Bag",
     "Laptop Sleeve", "Rucksack", "Messenger Bag", "Weekender", "Trolley Case"},
    {"Seed Mix", "Plant Labels", "Gloves", "Trowel", "Watering Can", "Planter", "Secateurs",
     "Bird Bath", "Garden Hose", "Rake Set", "Bench Cushion", "Raised Bed"},
    {"Skipping Rope", "Sweatband", "Water Bottle", "Yoga Block", "Resistance Band", "Yoga Mat",
     "Football", "Dumbbells", "Badminton Set", "Kettlebell", "Balance Board", "Exercise Bike"},
    {"Bouncy Ball", "Spinning Top", "Card Game", "Stacking Cups", "Jigsaw", "Building Blocks",
     "Plush Bear", "Kite", "Board Game", "Wooden Train", "Doll House", "Balance Bike"},
    {"Pencil Set", "Notepad", "Ruler", "Pen Tray", "Desk Mat", "Letter Rack", "Bookends",
     "Monitor Stand", "Foot Rest", "Document Tray", "Whiteboard", "Desk Chair"},
    {"Sleep Mask", "Pillow Case", "Hot Water Bottle", "Fitted Sheet", "Pillow", "Bed Tray", "Throw",
     "Duvet Cover", "Alarm Clock", "Blanket", "Duvet", "Mattress Topper"},
    {"Tape Measure", "Hex Keys", "Hammer", "Screwdrivers", "Pliers", "Spirit Level", "Hand Saw",
     "Tool Bag", "Socket Set", "Work Light", "Cordless Drill", "Workbench"},
};

const char *world_category_name(int32_t category) {
    return categories[category];
}

static void make_products(world *all) {
    for (int32_t i = 0; i < PRODUCTS; i++) {
        article *p = &all->product[i];
        p->category = i / IN_CATEGORY;
        const int32_t rank = i % IN_CATEGORY;
        p->name = names[p->category][rank];
        p->appeal = (int32_t)between(&all->d, 20, 100);
        /* Five to a hundred and fifty or so, each dearer than the one before. */
        p->usual_price = 500 + rank * rank * 100 + rank * (int32_t)between(&all->d, 1, 90);
        p->usual_price -= p->usual_price % 10;
        p->full = (int32_t)between(&all->d, 2, 7);
        p->stock = p->full;
        p->restock_day = -1;
    }
}

static void make_customer(customer *who, uint64_t seed, int32_t number) {
    who->d = dice_of(seed, 1 + (uint64_t)number);
    for (int32_t i = 0; i < CATEGORIES; i++) who->taste[i] = 1;
    for (int32_t n = (int32_t)between(&who->d, 2, 3); n > 0; n--) {
        who->taste[between(&who->d, 0, CATEGORIES - 1)] += (int32_t)between(&who->d, 8, 30);
    }
    who->budget = (int32_t)between(&who->d, 25, 140) * 100;
    who->impatience = (int32_t)between(&who->d, 20, 320);
    who->distraction = (int32_t)between(&who->d, 60, 440);
    /* Many come seldom, few often. */
    const int64_t often = between(&who->d, 1, 30);
    who->visits = (int32_t)(30 + often * often * 9 / 10);
    who->rhythm = (int32_t)between(&who->d, 0, 2);
    who->channel = (int32_t)between(&who->d, 0, 3);
    who->away_until = 0;
    who->next = PLAN_NONE;
}

bool world_make(world *all, uint64_t seed, int32_t customers) {
    *all = (world){.seed = seed, .customers = customers};
    all->d = dice_of(seed, 0);
    make_products(all);
    all->customer = malloc(sizeof *all->customer * (size_t)customers);
    if (all->customer == NULL) return false;
    for (int32_t i = 0; i < customers; i++) make_customer(&all->customer[i], seed, i);
    return true;
}

void world_free(world *all) {
    free(all->customer);
    all->customer = NULL;
}

void world_begin_day(world *all, int32_t day) {
    all->day = day;
    /* Shelves are sized for the number of customers, or everything would be sold out at once. */
    const int32_t scale = 1 + all->customers / 500;
    for (int32_t i = 0; i < PRODUCTS; i++) {
        article *p = &all->product[i];
        if (day == 0) p->stock = p->full *= scale;
        if (p->stock > 0) continue;
        if (p->restock_day < 0) p->restock_day = day + (int32_t)between(&all->d, 0, 1);
        if (p->restock_day > day) continue;
        p->stock = p->full;
        p->restock_day = -1;
    }
}

int32_t world_price(const world *all, int32_t product) {
    const int32_t usual = all->product[product].usual_price;
    const uint64_t week = (uint64_t)(all->day / 7);
    const bool sale = scramble(all->seed + week, (uint64_t)product) % 8 == 0;
    return sale ? usual - usual / 5 : usual;
}

void world_sell(world *all, int32_t product, int32_t quantity) {
    int32_t *stock = &all->product[product].stock;
    *stock -= quantity < *stock ? quantity : *stock;
}

int32_t world_choose(const world *all, dice *d, int32_t category) {
    int32_t weight[IN_CATEGORY];
    for (int32_t i = 0; i < IN_CATEGORY; i++) {
        weight[i] = all->product[category * IN_CATEGORY + i].appeal;
    }
    return category * IN_CATEGORY + pick(d, weight, IN_CATEGORY);
}

int32_t world_taste(customer *who) {
    return pick(&who->d, who->taste, CATEGORIES);
}
