/*
 * Esper and Siddhi, in process, on a file of events: what benchmarks/compare/cep.py asks, a line each.
 *
 *     java -cp 'target/classes:target/lib/*' Peer EVENTS
 *     < esper all            > {"seconds": ..., "cpu": ..., "heap_mb": ..., "counts": {"hesitating": ...}}
 *     < siddhi preparing
 *
 * The file: columns of 64-bit integers, one behind the other, as Ev's fields. All events lie in memory as the
 * engine likes them before the clock starts. Every run has an engine of its own, deployed before the clock
 * starts, in the same JVM. One thread sends, and the engine works on that thread; its clock is that of the events.
 */
import com.espertech.esper.common.client.EventBean;
import com.espertech.esper.common.client.configuration.Configuration;
import com.espertech.esper.compiler.client.CompilerArguments;
import com.espertech.esper.compiler.client.EPCompilerProvider;
import com.espertech.esper.runtime.client.EPEventService;
import com.espertech.esper.runtime.client.EPRuntime;
import com.espertech.esper.runtime.client.EPRuntimeProvider;
import com.espertech.esper.runtime.client.EPStatement;
import io.siddhi.core.SiddhiAppRuntime;
import io.siddhi.core.SiddhiManager;
import io.siddhi.core.event.Event;
import io.siddhi.core.stream.input.InputHandler;
import io.siddhi.core.stream.output.StreamCallback;
import io.siddhi.core.util.statistics.metrics.Level;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public final class Peer {
    private static final int COLUMNS = 10;
    private static final long AFTERWARDS = 2 * 3_600_000L; // the clock goes on for so long, as in cep.py
    private static final Map<String, Integer> WORDS =
            Map.of("view", 3, "search", 4, "favorite", 5, "cart", 7, "checkout", 9, "order", 10, "pay", 11,
                    "coupon", 1);

    /** An event; ids are numbers, and what is missing is a number that no condition holds for. */
    public static final class Ev {
        private final long user, time, item, category, amount, cartAmount, dwell;
        private final int kind, stock, page;

        Ev(long[] c) {
            user = c[0];
            time = c[1];
            kind = (int) c[2];
            item = c[3];
            category = c[4];
            amount = c[5];
            cartAmount = c[6];
            dwell = c[7];
            stock = (int) c[8];
            page = (int) c[9];
        }

        public long getUser() { return user; }
        public long getTime() { return time; }
        public int getKind() { return kind; }
        public long getItem() { return item; }
        public long getCategory() { return category; }
        public long getAmount() { return amount; }
        public long getCartAmount() { return cartAmount; }
        public long getDwell() { return dwell; }
        public int getStock() { return stock; }
        public int getPage() { return page; }

        Object[] row() {
            return new Object[] {user, time, kind, item, category, amount, cartAmount, dwell, stock, page};
        }
    }

    /** What fired: about which item or category (0: the user alone), from when to when. */
    record Fire(long user, long about, long t0, long t1) {}

    private final Map<String, List<Fire>> fires = new LinkedHashMap<>();

    /**
     * How many there are. Events are used once: what a fire used, or what came before its time, takes no further
     * part, which the engines do not know; so fires of the same that began before are not counted.
     */
    private static int count(List<Fire> all) {
        Map<List<Long>, Long> last = new HashMap<>();
        int n = 0;
        all.sort(Comparator.comparingLong(Fire::t1));
        for (Fire f : all) {
            List<Long> key = List.of(f.user, f.about);
            if (f.t0 > last.getOrDefault(key, Long.MIN_VALUE)) {
                last.put(key, f.t1);
                n++;
            }
        }
        return n;
    }

    private static Map<String, String> rules(String name, String asked) throws Exception {
        String text = new String(Peer.class.getResourceAsStream(name).readAllBytes(), StandardCharsets.UTF_8);
        Map<String, String> found = new LinkedHashMap<>();
        for (String block : text.split("\n\\s*\n")) {
            if (!block.startsWith("@")) {
                continue;
            }
            String rule = block.split("'")[1];
            if (!asked.equals("all") && !List.of(asked.split(",")).contains(rule)) {
                continue;
            }
            for (Map.Entry<String, Integer> word : WORDS.entrySet()) { // where it is a value, not a name
                block = block.replaceAll("(?<![#\\w'_])" + word.getKey() + "(?![\\w'])", "" + word.getValue());
            }
            found.put(rule, block);
        }
        return found;
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** An engine that is ready; send() takes all events and lets the clock go on. */
    interface Engine {
        void send() throws Exception;

        void close();
    }

    // ------------------------------------------------------------------ Esper

    private Engine esper(String asked, boolean context) throws Exception {
        Configuration how = new Configuration();
        how.getCommon().addEventType(Ev.class);
        how.getRuntime().getThreading().setInternalTimerEnabled(false);
        how.getRuntime().getExecution().setDisableLocking(true); // there is one thread
        StringBuilder text = new StringBuilder();
        if (context) {
            text.append("create context PerUser partition by user from Ev;\n");
        }
        for (String rule : rules("rules.epl", asked).values()) {
            boolean pattern = context && rule.contains("from pattern");
            if (pattern) {
                rule = rule.replace(", user = c.user", "").replace("') select", "') context PerUser select");
            }
            text.append(rule);
            text.append(";\n");
        }
        EPRuntime runtime = EPRuntimeProvider.getRuntime("cep", how);
        runtime.initialize();
        EPEventService service = runtime.getEventService();
        service.clockExternal();
        service.advanceTime(events[0].time - 1);
        var unit = EPCompilerProvider.getCompiler().compile(text.toString(), new CompilerArguments(how));
        for (EPStatement statement : runtime.getDeploymentService().deploy(unit).getStatements()) {
            if (statement.getName().startsWith("stmt")) {
                continue; // the context
            }
            List<Fire> to = fires.computeIfAbsent(statement.getName(), name -> new ArrayList<>());
            statement.addListener((found, old, by, in) -> {
                for (EventBean e : found) {
                    to.add(new Fire((Long) e.get("user"), (Long) e.get("about"),
                            (Long) e.get("t0"), (Long) e.get("t1")));
                }
            });
        }
        return new Engine() {
            public void send() {
                long clock = 0;
                for (Ev e : events) {
                    if (e.time != clock) {
                        clock = e.time;
                        service.advanceTime(clock);
                    }
                    service.sendEventBean(e, "Ev");
                }
                service.advanceTime(clock + AFTERWARDS);
            }

            public void close() {
                runtime.destroy();
            }
        };
    }

    // ----------------------------------------------------------------- Siddhi

    /**
     * The clock of a partition is asked for at every event, once for every user and wait; so `flat` has the rules
     * that wait outside, where the engine tests each event with all that waits.
     */
    private Engine siddhi(String asked, boolean flat) throws Exception {
        Map<String, String> rules = rules("rules.siddhi", asked);
        StringBuilder inside = new StringBuilder(), outside = new StringBuilder();
        for (String rule : rules.values()) {
            if (flat && rule.contains("milliseconds")) {
                rule = rule.replaceAll("(not |v=)Ev\\[([^\\]]*)\\]", "$1Ev[user == c.user and ($2)]");
                outside.append(rule).append("\n");
            } else {
                inside.append(rule).append("\n");
            }
        }
        SiddhiManager manager = new SiddhiManager();
        SiddhiAppRuntime app = manager.createSiddhiAppRuntime("@app:playback "
                + "define stream Ev (user long, time long, kind int, item long, category long, amount long, "
                + "cartAmount long, dwell long, stock int, page int);\n"
                + outside + (inside.isEmpty() ? "" : "partition with (user of Ev) begin\n" + inside + "end;"));
        app.setStatisticsLevel(Level.OFF);
        for (String rule : rules.keySet()) {
            List<Fire> to = fires.computeIfAbsent(rule, name -> new ArrayList<>());
            app.addCallback("fired_" + rule, new StreamCallback() {
                public void receive(Event[] found) {
                    for (Event e : found) {
                        to.add(new Fire((Long) e.getData(0), (Long) e.getData(1),
                                (Long) e.getData(2), (Long) e.getData(3)));
                    }
                }
            });
        }
        InputHandler input = app.getInputHandler("Ev");
        app.start();
        return new Engine() {
            public void send() throws Exception {
                long clock = 0;
                for (int i = 0; i < rows.length; i++) {
                    clock = events[i].time;
                    input.send(clock, rows[i]);
                }
                // The clock is that of the latest event: one of nobody, of no kind.
                input.send(clock + AFTERWARDS, new Object[] {0L, clock, 0, 0L, 0L, 0L, 0L, 0L, 1, 0});
            }

            public void close() {
                app.shutdown();
                manager.shutdown();
            }
        };
    }

    // -------------------------------------------------------------------- runs

    private static Ev[] events;
    private static Object[][] rows;

    private static void read(String path) throws Exception {
        try (FileChannel file = FileChannel.open(Path.of(path))) {
            int n = (int) (file.size() / 8 / COLUMNS);
            LongBuffer[] columns = new LongBuffer[COLUMNS];
            for (int c = 0; c < COLUMNS; c++) {
                ByteBuffer part = file.map(FileChannel.MapMode.READ_ONLY, 8L * n * c, 8L * n);
                columns[c] = part.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
            }
            events = new Ev[n];
            rows = new Object[n][];
            long[] row = new long[COLUMNS];
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < COLUMNS; c++) {
                    row[c] = columns[c].get(i);
                }
                events[i] = new Ev(row);
                rows[i] = events[i].row();
            }
        }
    }

    private String run(String engine, String asked) throws Exception {
        long before = used();
        Engine ready = engine.startsWith("siddhi")
                ? siddhi(asked, engine.equals("siddhi-flat"))
                : esper(asked, engine.equals("esper-context"));
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = System.nanoTime(), cpuStart = threads.getCurrentThreadCpuTime();
        ready.send();
        double seconds = (System.nanoTime() - start) / 1e9, cpu = (threads.getCurrentThreadCpuTime() - cpuStart) / 1e9;
        double heap = (used() - before) / 1048576.0;
        ready.close();
        List<String> counts = new ArrayList<>();
        fires.forEach((rule, all) -> counts.add("\"" + rule + "\": " + count(all)));
        return "{\"seconds\": " + seconds + ", \"cpu\": " + cpu + ", \"heap_mb\": " + heap + ", \"counts\": {"
                + String.join(", ", counts) + "}}";
    }

    public static void main(String[] args) throws Exception {
        read(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] asked = line.trim().split(" ");
            System.out.println("= " + new Peer().run(asked[0], asked[1]));
        }
    }
}
