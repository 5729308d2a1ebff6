//! A condition as a graph of questions: every node asks one, and goes on one way or the other.
//!
//! Nodes are kept once, and each comes after those it leads to; so their numbers, read downwards,
//! are an order in which every way runs.

use std::collections::{HashMap, HashSet};

use super::value::{Cond, Follow, Id, Join, Op, Rel, Test, Value, Values, Width};

/// The number of a node.
pub(super) type At = usize;

/// The packet is refused.
pub(super) const REFUSE: At = 0;
/// The packet is chosen.
pub(super) const CHOOSE: At = 1;

/// How many headers a walk takes at most. RFC 8200 §4.1 wants each extension once, one twice.
const MOST_HEADERS: u32 = 16;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Node {
    Refuse,
    Choose,
    Ask {
        test: Test,
        yes: At,
        no: At,
    },
    /// Puts a value by.
    Hold {
        place: u32,
        value: Id,
        next: At,
    },
}

/// The nodes, each after those it leads to.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    places: HashMap<Node, At>,
}

impl Default for Graph {
    fn default() -> Self {
        let nodes = vec![Node::Refuse, Node::Choose];
        let places = nodes.iter().copied().zip([REFUSE, CHOOSE]).collect();
        Self { nodes, places }
    }
}

impl Graph {
    pub(super) fn node(&self, at: At) -> Node {
        self.nodes.get(at).copied().unwrap_or(Node::Refuse)
    }

    /// A node, kept once. One whose answer changes nothing is kept too: its load may refuse the packet.
    pub(super) fn keep(&mut self, node: Node) -> At {
        let Self { nodes, places } = self;
        *places.entry(node).or_insert_with(|| {
            nodes.push(node);
            nodes.len() - 1
        })
    }

    fn test(&self, at: At) -> Option<Test> {
        match self.node(at) {
            Node::Ask { test, .. } => Some(test),
            Node::Refuse | Node::Choose | Node::Hold { .. } => None,
        }
    }

    /// Exchanges the question of a node. Nothing can be kept in the graph afterwards.
    fn ask_instead(&mut self, at: At, test: Test) {
        if let Some(Node::Ask { test: asked, .. }) = self.nodes.get_mut(at) {
            *asked = test;
        }
    }

    /// The node at which `cond` begins, going on at `yes` where it holds and at `no` else.
    pub(super) fn build(&mut self, values: &mut Values, cond: &Cond, yes: At, no: At) -> At {
        match cond {
            Cond::Known(true) => yes,
            Cond::Known(false) => no,
            Cond::Test(test) => self.keep(Node::Ask { test: *test, yes, no }),
            Cond::Not(inner) => self.build(values, inner, no, yes),
            Cond::Row(first, rest) => {
                let (mut yes, mut no) = (yes, no);
                for (join, cond) in rest.iter().rev() {
                    let last = self.build(values, cond, yes, no);
                    match join {
                        Join::And => yes = last,
                        Join::Or => no = last,
                    }
                }
                self.build(values, first, yes, no)
            }
            Cond::Follow(follow) => {
                let begin = self.walk(values, follow, 0, yes, no);
                let begin = self.hold(held(follow, 0, Held::Offset), follow.offset, begin);
                self.hold(held(follow, 0, Held::Proto), follow.first, begin)
            }
        }
    }

    fn hold(&mut self, place: u32, value: Id, next: At) -> At {
        self.keep(Node::Hold { place, value, next })
    }

    /// One header of a walk: is it the one, and if not, where is the next?
    fn walk(&mut self, values: &mut Values, follow: &Follow, turn: u32, yes: At, no: At) -> At {
        let mut next = no;
        if turn < MOST_HEADERS {
            let further = self.walk(values, follow, turn + 1, yes, no);
            let mut ways = vec![(AUTHENTICATION, 2, 4)];
            if follow.v6 {
                ways.extend(EXTENSIONS.map(|extension| (extension, 1, 8)));
            }
            for (extension, more, unit) in ways {
                let way = self.step(values, follow, turn, (more, unit), further);
                next = self.is(values, follow, turn, extension, way, next);
            }
            next = self.is(values, follow, turn, NO_NEXT, no, next);
        }
        self.is(values, follow, turn, follow.proto, yes, next)
    }

    fn is(&mut self, values: &mut Values, follow: &Follow, turn: u32, proto: u32, yes: At, no: At) -> At {
        let a = values.held(held(follow, turn, Held::Proto));
        let b = values.number(proto);
        self.keep(Node::Ask { test: Test { rel: Rel::Eq, a, b }, yes, no })
    }

    /// Over a header whose length is its second octet plus `more`, in units.
    fn step(&mut self, values: &mut Values, follow: &Follow, turn: u32, (more, unit): (u32, u32), further: At) -> At {
        let offset = values.held(held(follow, turn, Held::Offset));
        let proto = values.load(Width::Byte, Some(offset), follow.base);
        let len = values.load(Width::Byte, Some(offset), follow.base.wrapping_add(1));
        let (more, unit) = (values.number(more), values.number(unit));
        let len = values.plus(len, more);
        // Nothing is divided.
        let len = values.calc(Op::Mul, len, unit).unwrap_or(len);
        let beyond = values.plus(len, offset);
        let next = self.hold(held(follow, turn + 1, Held::Offset), beyond, further);
        self.hold(held(follow, turn + 1, Held::Proto), proto, next)
    }
}

const EXTENSIONS: [u32; 4] = [0, 43, 44, 60];
const AUTHENTICATION: u32 = 51;
const NO_NEXT: u32 = 59;

#[derive(Clone, Copy)]
enum Held {
    Proto,
    Offset,
}

/// A number of its own for everything that a walk puts by.
fn held(follow: &Follow, turn: u32, what: Held) -> u32 {
    (follow.number * (MOST_HEADERS + 1) + turn) * 4 + (turn % 2) * 2 + what as u32
}

/// Which of the four slots of memory that walks use holds what was put by. One turn needs only
/// what the one before put by, so two turns share them.
pub(super) const fn slot(place: u32) -> u32 {
    place % 4
}

/// Leaves out every question whose answer is known from those asked before it, until there is no
/// more to leave out. A load that answered once is not refused later, so the verdict is the same.
pub(super) fn shorten(graph: &mut Graph, values: &Values, mut begin: At) -> At {
    const MOST_ROUNDS: usize = 8;
    for _ in 0..MOST_ROUNDS {
        let changed = thread(graph, values, begin);
        begin = lead(graph, values, &Facts::default(), begin);
        let (fresh, start) = rebuild(graph, begin);
        let same = !changed && fresh.nodes.len() == graph.nodes.len();
        (*graph, begin) = (fresh, start);
        if same {
            break;
        }
    }
    gather(graph, values, begin);
    begin
}

/// What is known where a node begins: answers, numbers, and which values were worked out before, so
/// that they cannot refuse the packet any more.
#[derive(Clone, Debug, Default)]
struct Facts {
    answers: HashMap<Test, bool>,
    numbers: HashMap<Id, u32>,
    had: HashSet<Id>,
}

impl Facts {
    /// What holds on both ways.
    fn meet(&mut self, other: &Self) {
        self.answers.retain(|test, answer| other.answers.get(test) == Some(answer));
        self.numbers.retain(|id, number| other.numbers.get(id) == Some(number));
        self.had.retain(|id| other.had.contains(id));
    }

    /// Notes what it takes to work out the value.
    fn have(&mut self, values: &Values, id: Id) {
        match values.value(id) {
            Value::Load { at, .. } => {
                if self.had.insert(id)
                    && let Some(at) = at
                {
                    self.have(values, at);
                }
            }
            Value::Calc { a, b, .. } => {
                if self.had.insert(id) {
                    self.have(values, a);
                    self.have(values, b);
                }
            }
            Value::Const(_) | Value::Len | Value::Held(_) | Value::Nowhere => {}
        }
    }

    /// Whether working out the value cannot refuse the packet.
    fn is_safe(&self, values: &Values, id: Id) -> bool {
        if self.had.contains(&id) {
            return true;
        }
        match values.value(id) {
            Value::Const(_) | Value::Len | Value::Held(_) => true,
            Value::Load { .. } | Value::Nowhere => false,
            Value::Calc { op: Op::Div | Op::Mod, a, b } => values.constant(b).is_some() && self.is_safe(values, a),
            Value::Calc { a, b, .. } => self.is_safe(values, a) && self.is_safe(values, b),
        }
    }

    fn number(&self, values: &Values, id: Id) -> Option<u32> {
        if let Some(number) = self.numbers.get(&id) {
            return Some(*number);
        }
        match values.value(id) {
            Value::Const(number) => Some(number),
            Value::Calc { op, a, b } => op.apply(self.number(values, a)?, self.number(values, b)?),
            Value::Len | Value::Load { .. } | Value::Held(_) | Value::Nowhere => None,
        }
    }

    fn answer(&self, values: &Values, test: Test) -> Option<bool> {
        if let Some(answer) = self.answers.get(&test) {
            return Some(*answer);
        }
        if self.numbers.is_empty() {
            return None;
        }
        Some(test.rel.holds(self.number(values, test.a)?, self.number(values, test.b)?))
    }
}

/// Leads every way past the questions whose answer it has, or that change nothing. Tells whether it changed one.
fn thread(graph: &mut Graph, values: &Values, begin: At) -> bool {
    let asked = Asked::of(graph);
    let mut facts: Vec<Option<Facts>> = vec![None; begin + 1];
    let mut changed = false;
    if let Some(first) = facts.last_mut() {
        *first = Some(Facts::default());
    }
    for at in (0..=begin).rev() {
        let Some(here) = facts[at].take() else { continue };
        match graph.node(at) {
            Node::Refuse | Node::Choose => {}
            Node::Hold { place, value, next } => {
                let next_on = lead(graph, values, &here, next);
                arrive(&mut facts, next_on, here);
                changed |= next_on != next;
                graph.nodes[at] = Node::Hold { place, value, next: next_on };
            }
            Node::Ask { test, yes, no } => {
                let [yes_on, no_on] = [(true, yes), (false, no)].map(|(answer, to)| {
                    let mut there = here.clone();
                    asked.learn(&mut there, values, test, answer);
                    let on = lead(graph, values, &there, to);
                    arrive(&mut facts, on, there);
                    on
                });
                changed |= (yes_on, no_on) != (yes, no);
                graph.nodes[at] = Node::Ask { test, yes: yes_on, no: no_on };
            }
        }
    }
    changed
}

/// The first node on the way from `to` whose answer is open.
fn lead(graph: &Graph, values: &Values, facts: &Facts, mut to: At) -> At {
    while let Node::Ask { test, yes, no } = graph.node(to) {
        // Nor does it matter what refuses a packet.
        let safe = yes == REFUSE || (facts.is_safe(values, test.a) && facts.is_safe(values, test.b));
        if yes == no && safe {
            to = yes;
            continue;
        }
        match facts.answer(values, test) {
            Some(true) => to = yes,
            Some(false) => to = no,
            None => break,
        }
    }
    to
}

fn arrive(facts: &mut [Option<Facts>], to: At, more: Facts) {
    match facts.get_mut(to) {
        Some(Some(known)) => known.meet(&more),
        Some(none) => *none = Some(more),
        None => {}
    }
}

/// Puts questions about the same value behind one another, so that it is loaded once: of those that
/// lead to the same answer in any order, and of which none can refuse the packet any more.
fn gather(graph: &mut Graph, values: &Values, begin: At) {
    let (had, ways) = had_before(graph, values, begin);
    let mut done = vec![false; begin + 1];
    for at in (0..=begin).rev() {
        if std::mem::replace(&mut done[at], true) {
            continue;
        }
        let rows = [Join::Or, Join::And].map(|join| row_of(graph, &ways, at, join));
        let Some(row) = rows.into_iter().max_by_key(Vec::len).filter(|row| row.len() > 2) else { continue };
        let tests: Vec<Test> = row.iter().filter_map(|at| graph.test(*at)).collect();
        let safe = |test: &Test, at: At| had[at].is_safe(values, test.a) && had[at].is_safe(values, test.b);
        let free = (1..row.len()).find(|from| tests[*from..].iter().all(|test| safe(test, row[*from])));
        for at in &row {
            done[*at] = true;
        }
        let Some(free) = free else { continue };
        // What A holds comes first, then each value when it is first asked about.
        let mut order = vec![tests[free - 1].a];
        order.extend(tests[free..].iter().map(|test| test.a));
        let mut gathered = tests[free..].to_vec();
        gathered.sort_by_key(|test| order.iter().position(|value| *value == test.a));
        for (at, test) in row[free..].iter().zip(gathered) {
            graph.ask_instead(*at, test);
        }
    }
}

/// The nodes from `at` on of which any one decides, and each but the first has one way to it.
fn row_of(graph: &Graph, ways: &[u32], mut at: At, join: Join) -> Vec<At> {
    let ends = |node: Node| match (node, join) {
        (Node::Ask { yes, no, .. }, Join::Or) => Some((yes, no)),
        (Node::Ask { yes, no, .. }, Join::And) => Some((no, yes)),
        _ => None,
    };
    let mut row = vec![at];
    while let Some((decided, open)) = ends(graph.node(at))
        && ways.get(open) == Some(&1)
        && ends(graph.node(open)).is_some_and(|(next, _)| next == decided)
    {
        row.push(open);
        at = open;
    }
    row
}

/// What was worked out wherever a way leads to each node, and how many ways do.
fn had_before(graph: &Graph, values: &Values, begin: At) -> (Vec<Facts>, Vec<u32>) {
    let mut had: Vec<Option<Facts>> = vec![None; begin + 1];
    let mut ways = vec![0; begin + 1];
    if let Some(first) = had.last_mut() {
        *first = Some(Facts::default());
    }
    for at in (0..=begin).rev() {
        let Some(mut there) = had[at].clone() else { continue };
        if let Some(test) = graph.test(at) {
            there.have(values, test.a);
            there.have(values, test.b);
        }
        for next in graph.node(at).leads_to().into_iter().flatten() {
            ways[next] += 1;
            arrive(&mut had, next, there.clone());
        }
    }
    (had.into_iter().map(Option::unwrap_or_default).collect(), ways)
}

/// Which questions and values the graph has more than once: only of those is it worth knowing more.
struct Asked {
    tests: HashMap<Test, u32>,
    values: HashMap<Id, u32>,
}

impl Asked {
    fn of(graph: &Graph) -> Self {
        let mut asked = Self { tests: HashMap::new(), values: HashMap::new() };
        for node in &graph.nodes {
            if let Node::Ask { test, .. } = node {
                *asked.tests.entry(*test).or_default() += 1;
                *asked.values.entry(test.a).or_default() += 1;
            }
        }
        asked
    }

    fn learn(&self, facts: &mut Facts, values: &Values, test: Test, answer: bool) {
        let twice = |count: Option<&u32>| count.is_some_and(|count| *count > 1);
        facts.have(values, test.a);
        facts.have(values, test.b);
        if twice(self.tests.get(&test)) {
            facts.answers.insert(test, answer);
        }
        if answer
            && test.rel == Rel::Eq
            && let Some(number) = values.constant(test.b)
            && twice(self.values.get(&test.a))
        {
            facts.numbers.insert(test.a, number);
        }
    }
}

/// The same graph without the nodes that no way leads to, and with equal ones made one.
fn rebuild(graph: &Graph, begin: At) -> (Graph, At) {
    let mut reached = vec![false; begin + 1];
    reached[begin] = true;
    for at in (0..=begin).rev().filter(|at| *at > CHOOSE) {
        if reached[at] {
            for next in graph.node(at).leads_to().into_iter().flatten() {
                reached[next] = true;
            }
        }
    }
    let mut fresh = Graph::default();
    let mut moved: Vec<At> = vec![REFUSE; begin + 1];
    for at in 0..=begin {
        moved[at] = match graph.node(at) {
            Node::Refuse => REFUSE,
            Node::Choose => CHOOSE,
            _ if !reached[at] => continue,
            Node::Ask { test, yes, no } => fresh.keep(Node::Ask { test, yes: moved[yes], no: moved[no] }),
            Node::Hold { place, value, next } => fresh.keep(Node::Hold { place, value, next: moved[next] }),
        };
    }
    (fresh, moved[begin])
}

impl Node {
    /// The nodes that come next.
    pub(super) fn leads_to(self) -> [Option<At>; 2] {
        match self {
            Self::Refuse | Self::Choose => [None, None],
            Self::Ask { yes, no, .. } => [Some(yes), Some(no)],
            Self::Hold { next, .. } => [Some(next), None],
        }
    }
}
