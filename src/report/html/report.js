"use strict";
(() => {
  // What the page shows, in the order in which src/report/html/data.rs writes it.
  const data = JSON.parse(document.getElementById("data").textContent);
  const ROW = ["id", "proto", "client", "clientPort", "server", "serverPort", "service", "open", "close", "by", "start",
    "span", "sent", "received", "up", "down", "trip", "setup", "again", "grade", "topic", "told"];
  const NAMED = new Set(["proto", "client", "server", "service", "open", "close", "topic"]);
  const GRADES = ["failed", "slow", "not all seen", "fine"];
  const ROLES = ["client", "server"];
  const STATES = ["CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
    "CLOSING", "LAST_ACK", "TIME_WAIT"];
  const PHASES = ["closed", "closed", "opening", "opening", "established", "closing", "closing", "closing", "closing",
    "closing", "closing"];
  const NATURES = ["opens", "talks", "closes", "again", "breaks", "copy"];
  const BASES = ["assumed", "expected", "proven"];
  const CHUNK = 100;

  const rows = data.rows.map((row) => {
    const record = {};
    ROW.forEach((name, at) => { record[name] = NAMED.has(name) ? data.names[row[at]] : row[at]; });
    record.words = [record.id, record.proto, address(record.client, record.clientPort), address(record.server, record.serverPort),
      record.service, plain(record.open), plain(record.close), GRADES[record.grade], record.topic, record.told]
      .join(" ").toLowerCase();
    return record;
  });
  const byId = new Map(rows.map((row) => [row.id, row]));

  const view = { sort: "grade", down: false, find: "", grade: "", proto: "", shown: CHUNK, list: rows };

  const COLUMNS = [
    { key: "id", name: "#", num: true, cell: (row) => el("a", { href: "#c" + row.id }, String(row.id)) },
    { key: "client", name: "Client", end: true, cell: (row) => address(row.client, row.clientPort) },
    { key: "server", name: "Server", end: true, cell: (row) => address(row.server, row.serverPort) + (row.service ? " " + row.service : "") },
    { key: "grade", name: "What went wrong", cause: true, cell: cause },
    { key: "open", name: "Opened", end: true, cell: (row) => plain(row.open) },
    { key: "close", name: "Closed", end: true, cell: (row) => plain(row.close) + (row.by >= 0 ? " by " + ROLES[row.by] : "") },
    { key: "span", name: "Duration", num: true, cell: (row) => time(row.span) },
    { key: "octets", name: "Data", num: true, cell: (row) => octets(row.up) + " / " + octets(row.down), value: (row) => row.up + row.down },
    { key: "trip", name: "Round trip", num: true, cell: (row) => row.trip < 0 ? "" : time(row.trip) },
    { key: "again", name: "Again", num: true, cell: (row) => row.again ? count(row.again) : "" },
    { key: "start", name: "Start", num: true, cell: (row) => "+" + time(row.start) },
  ];

  // Elements. Text is only ever text.
  function el(name, attributes, ...children) { return build(document.createElement(name), attributes, children); }
  function svg(name, attributes, ...children) {
    return build(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  }
  function build(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }
  const $ = (id) => document.getElementById(id);

  // Numbers as people read them.
  function address(host, port) {
    if (!port) return host;
    return (host.includes(":") ? "[" + host + "]" : host) + ":" + port;
  }
  function plain(name) {
    const known = { fin3: "in three", fin4: "in four", fin_simultaneous: "from both ends", data_on_3rd: "normal, data on step 3",
      tfo_accepted: "fast open", tfo_ignored: "fast open ignored", open_at_end: "still open", capture_end: "" };
    return known[name] !== undefined ? known[name] : name.replaceAll("_", " ");
  }
  function count(number) { return number.toString().replace(/\B(?=(\d{3})+$)/g, ","); }
  function figures(value) { return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2); }
  function octets(number) {
    if (number < 1000) return number + " B";
    let value = number / 1000, at = 0;
    while (value >= 999.5 && at < 4) { value /= 1000; at += 1; }
    return figures(value) + " " + ["kB", "MB", "GB", "TB", "PB"][at];
  }
  function time(us) {
    if (us === 0) return "0";
    if (us < 1e3) return us + " µs";
    if (us < 1e6) return figures(us / 1e3) + " ms";
    if (us < 120e6) return figures(us / 1e6) + " s";
    const s = Math.round(us / 1e6);
    if (s < 7200) return Math.floor(s / 60) + " min " + (s % 60) + " s";
    if (s < 172800) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
    return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
  }
  function seconds(us) { return (us / 1e6).toFixed(6); }
  function many(number, noun) { return count(number) + " " + noun + (number === 1 ? "" : "s"); }
  function steps(least, most, wanted) {
    const raw = (most - least) / wanted || 1, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= raw);
    const ticks = [];
    for (let at = Math.ceil(least / step); at * step <= most; at += 1) ticks.push(at * step);
    return ticks;
  }

  // The capture at a glance.
  function glance() {
    const several = data.sources.length > 2;
    $("title").textContent = several ? data.sources.length + " captures, read as one" : data.sources.join(", ") || "A capture";
    $("subtitle").textContent = data.frames ? data.from + " to " + data.to + ", " + time(data.span) : "It holds no packets.";
    const grades = [0, 0, 0, 0];
    for (const [grade, , number] of data.topics) grades[grade] += number;
    const tiles = [[count(data.frames), "packets, " + octets(data.octets)], [count(data.conns), "connections and exchanges"]]
      .map(([number, words]) => el("div", { class: "tile" }, el("b", {}, number), el("span", {}, words)));
    const said = ["failed", "took long, or lost data", "not all in the capture", "went well"];
    grades.forEach((number, grade) => {
      if (grade !== 2 || number) tiles.push(el("button", { class: "tile", type: "button", onclick: () => choose({ grade: String(grade) }) },
        el("b", { class: number ? "g" + grade : "" }, count(number)), el("span", {}, said[grade])));
    });
    $("tiles").append(...tiles);
    const notices = several ? ["They are " + data.sources.join(", ") + "."] : [];
    for (const damage of data.damage) notices.push("Damage: " + damage);
    if (data.copies) notices.push(many(data.copies, "packet") + " shown twice by the capture; each counts once.");
    if (data.leftOut) notices.push(many(data.leftOut, "packet") + " left out by the filter: connections are told from the rest.");
    if (data.skipped.length) notices.push("Packets that belong to no connection: " + data.skipped.map(([name, number]) => name + " " + count(number)).join(", ") + ".");
    if (data.listedOut) notices.push(many(data.listedOut, "connection") + " not in the list below, to keep the page small; the counts and pictures have them. `synfin conns` lists all.");
    if (data.detailsOut) notices.push(many(data.detailsOut, "connection") + " without a page of their own, for the same reason; failures and slow ones came first. `synfin explain --conn N` tells of any.");
    if (data.untold) notices.push(many(data.untold, "connection") + " only counted: more were open at once than can be remembered.");
    $("notices").append(...notices.map((text) => el("p", { class: "notice small" }, text)));
    if (data.findings.length) {
      $("findings").hidden = false;
      $("findings-list").append(...data.findings.map((finding) => el("li", {}, finding[0])));
    }
  }

  function timeline() {
    const strips = [["opened", "begun"], ["closed", "closed"], ["reset", "reset"], ["failed", "never opened"], ["waiting", "handshakes waiting"]]
      .filter(([key]) => data[key].some((number) => number > 0));
    if (!strips.length) return $("timeline").append(el("p", { class: "dim" }, "No connection."));
    const left = 128, width = 760, height = 40, gap = 14, bins = data.opened.length, bottom = strips.length * (height + gap) + 6;
    const picture = svg("svg", { class: "chart", viewBox: `0 0 ${width + 10} ${bottom + 22}`, role: "img",
      "aria-label": "Over time: " + strips.map(([key, name]) => name + " " + count(key === "waiting" ? Math.max(...data[key]) : sum(data[key]))).join(", ") });
    strips.forEach(([key, name], nth) => {
      const top = nth * (height + gap) + 4, most = Math.max(...data[key]);
      picture.append(svg("text", { class: "name right", x: left - 10, y: top + 20 }, name),
        svg("text", { class: "right", x: left - 10, y: top + 34 }, key === "waiting" ? "at most " + count(most) : count(sum(data[key]))),
        svg("path", { class: "axis", d: `M${left} ${top + height + .5}H${width}` }));
      const each = (width - left) / bins;
      data[key].forEach((number, at) => {
        if (!number) return;
        const tall = Math.max(2, number / most * height);
        picture.append(svg("rect", { x: (left + at * each).toFixed(1), y: (top + height - tall).toFixed(1), width: Math.max(each - .6, 1.2).toFixed(1),
          height: tall.toFixed(1), fill: `var(--${key})` }, svg("title", {}, `${name} at +${time(Math.max(0, Math.round(at * data.bin - data.lead)))}: ${count(number)}`)));
      });
    });
    // What goes on around many connections, as a band over the time it takes.
    for (const [words, from, to] of data.findings) {
      const end = bins * data.bin, place = (at) => left + Math.min(Math.max(at + data.lead, 0) / end, 1) * (width - left), x = place(from);
      picture.append(svg("rect", { class: "finding", x: x.toFixed(1), y: 0, width: Math.max(place(to < 0 ? end : to) - x, 2).toFixed(1), height: bottom - 4 }, svg("title", {}, words)));
    }
    for (const tick of steps(0, bins * data.bin - data.lead, 5)) {
      picture.append(svg("text", { class: "mid", x: left + (tick + data.lead) / (bins * data.bin) * (width - left), y: bottom + 12 }, tick ? "+" + time(tick) : "0"));
    }
    $("timeline").append(picture, el("p", { class: "dim small" }, `Each bar is ${time(data.bin)} from ${data.from}; every row has its own height.`));
  }
  function sum(numbers) { return numbers.reduce((total, number) => total + number, 0); }

  function trips() {
    const counts = data.trips, total = sum(counts);
    if (!total) return $("trips").append(el("p", { class: "dim" }, "No handshake whose round trip is in the capture."));
    const edge = (at) => 10 ** (at / 10), share = (part) => {
      let seen = 0;
      return edge(counts.findIndex((number) => (seen += number) >= total * part) + .5);
    };
    const first = Math.max(0, counts.findIndex((number) => number) - 3), last = Math.min(counts.length, counts.findLastIndex((number) => number) + 4);
    const width = 480, height = 190, each = width / (last - first), most = Math.max(...counts);
    const words = `Half are below ${time(Math.round(share(.5)))}, 95 in 100 below ${time(Math.round(share(.95)))} (${many(total, "handshake")}).`;
    const picture = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height + 26}`, role: "img", "aria-label": words });
    for (let at = first; at < last; at += 1) {
      const x = (at - first) * each, tall = counts[at] ? Math.max(2, counts[at] / most * (height - 20)) : 0;
      if (at % 10 === 0) picture.append(svg("path", { class: "axis", d: `M${x} 0V${height}` }), svg("text", x > width - 50 ? { class: "right", x: x - 3, y: height + 16 } : { x: x + 3, y: height + 16 }, time(Math.round(edge(at)))));
      if (tall) picture.append(svg("rect", { x: x.toFixed(1), y: (height - tall).toFixed(1), width: Math.max(1.5, each - 1.2).toFixed(1), height: tall.toFixed(1), fill: "var(--opened)" },
        svg("title", {}, `${time(Math.round(edge(at)))} to ${time(Math.round(edge(at + 1)))}: ${count(counts[at])}`)));
      if (counts[at] === most) picture.append(svg("text", { class: "mid", x: x + each / 2, y: height - tall - 5 }, count(most)));
    }
    picture.append(svg("path", { class: "axis", d: `M0 ${height + .5}H${width}` }));
    $("trips").append(picture, el("p", { class: "dim small" }, words));
  }

  function outcomes() {
    const groups = [["Opened", data.opens], ["Closed", data.closes], ["What went wrong", data.topics.filter(([, topic]) => topic).map(([grade, topic, number]) => [topic, number, grade])]];
    for (const [title, list] of groups) {
      if (!list.length) continue;
      const most = Math.max(...list.map(([, number]) => number));
      $("outcomes").append(el("div", {}, el("h3", {}, title), [...list].sort((a, b) => b[1] - a[1]).map(([name, number, grade]) => {
        const bar = el("i", {});
        bar.style.width = number / most * 100 + "%";
        if (grade !== undefined) bar.style.background = ["var(--bad)", "var(--warn)", "var(--unseen)"][grade];
        const words = plain(name) || "not in the capture";
        return el("button", { class: "bar", type: "button", title: "Show these", onclick: () => choose({ find: plain(name) }) },
          el("span", { class: "label" }, words), el("span", {}, bar), el("span", { class: "n" }, count(number)));
      })));
    }
  }

  // The list.
  function cause(row) {
    return row.grade === 3 ? "" : blame(row.grade, row.topic, row.told);
  }
  // A cause, with what it begins with, or its kind, as a tag.
  function blame(grade, topic, text) {
    const begins = /^([^:“”]{3,40}): /.exec(text), tag = begins ? begins[1] : topic;
    return [el("span", { class: "tag g" + grade }, tag), text ? ": " + (begins ? text.slice(begins[0].length) : text) : ""];
  }
  function choose(change) {
    Object.assign(view, { find: "", grade: "", proto: "" }, change);
    $("find").value = view.find; $("grade").value = view.grade; $("protocol").value = view.proto;
    list();
    $("list-title").scrollIntoView({ block: "start" });
  }
  function list() {
    const words = view.find.toLowerCase().split(/\s+/).filter(Boolean);
    const column = COLUMNS.find(({ key }) => key === view.sort), value = column.value || ((row) => row[view.sort]);
    view.list = rows.filter((row) => (view.grade === "" || row.grade === Number(view.grade)) && (view.proto === "" || row.proto === view.proto)
      && words.every((word) => row.words.includes(word)));
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
      return (view.down ? -order : order) || a.id - b.id;
    };
    view.list.sort(compare);
    view.shown = CHUNK;
    show();
  }
  function show() {
    const shown = view.list.slice(0, view.shown);
    $("rows").replaceChildren(...shown.map((row) => el("tr", { class: "row", "data-id": row.id, onclick: (event) => { if (!event.target.closest("a")) location.hash = "c" + row.id; } },
      COLUMNS.map((column) => el("td", { class: column.num ? "num" : column.end ? "end" : column.cause ? "cause" : "", "data-label": column.name }, column.cell(row))))));
    $("heads").replaceChildren(...COLUMNS.map((column) => el("th", { scope: "col", class: column.num ? "num" : "",
      "aria-sort": column.key !== view.sort ? "none" : view.down ? "descending" : "ascending" },
      el("button", { type: "button", "data-sort": column.key, onclick: () => sort(column) }, column.name))));
    const left = view.list.length - shown.length;
    $("more").hidden = left === 0;
    $("more").textContent = `Show ${count(Math.min(left, 5 * CHUNK))} more of ${count(left)}`;
    $("shown").textContent = view.list.length === rows.length ? many(rows.length, "connection") : `${count(view.list.length)} of ${many(rows.length, "connection")}`;
  }
  function sort(column) {
    // What is large is asked for first; names begin at the beginning.
    const first = Boolean(column.num) && column.key !== "id" && column.key !== "start";
    view.down = view.sort === column.key ? !view.down : first;
    view.sort = column.key;
    list();
    document.querySelector(`[data-sort="${column.key}"]`).focus();
  }

  // The page of one connection.
  function page(id) {
    const row = byId.get(id), detail = data.details[id], at = view.list.findIndex((row) => row.id === id);
    const go = (step) => view.list[at + step] && el("a", { class: "button", href: "#c" + view.list[at + step].id }, step < 0 ? "← Previous" : "Next →");
    const nav = el("nav", { class: "nav", "aria-label": "Connections" }, el("a", { class: "button", href: "#list" }, "↑ All connections"), go(-1), go(1),
      at >= 0 && el("span", { class: "dim small" }, `${count(at + 1)} of ${count(view.list.length)}`));
    const parts = [nav, el("h1", {}, `Connection ${id}: ${address(row.client, row.clientPort)} → ${address(row.server, row.serverPort)}` + (row.service ? ` (${row.service})` : "") + `, ${row.proto.toUpperCase()}`),
      el("p", { class: "dim" }, (detail ? detail.start + ", " : "") + time(row.span) + ", " + many(row.sent + row.received, "packet") + `, ${row.sent} there and ${row.received} back`)];
    if (!detail) {
      if (row.told) parts.push(el("p", {}, blame(row.grade, row.topic, row.told)));
      parts.push(el("p", { class: "notice" }, `The details of this connection were left out, to keep the page small. \`synfin explain --conn ${id}\` tells it.`));
    } else {
      parts.push(...account(detail), ...drawings(row, detail));
    }
    $("page").className = "page";
    $("page").replaceChildren(...parts);
  }
  function account(detail) {
    const told = [];
    if (detail.verdict) told.push(el("p", {}, detail.verdict));
    if (detail.causes.length) told.push(el("ul", { class: "told" }, detail.causes.map(([grade, topic, text]) => el("li", {}, blame(grade, topic, text)))));
    if (detail.trip) told.push(el("p", { class: "dim" }, detail.trip));
    if (detail.who) told.push(el("p", { class: "dim" }, "Note: " + detail.who + "."));
    if (detail.runs) told.push(el("p", {}, detail.runs));
    if (detail.disagrees) told.push(el("ul", { class: "told" }, [el("li", {}, blame(1, "port", detail.disagrees))]));
    const words = detail.words.flatMap((text, role) => text ? [el("dt", {}, ROLES[role] + " begins"), el("dd", {}, text)] : []);
    for (const [n, text] of detail.comments) words.push(el("dt", {}, "comment at #" + n), el("dd", {}, text));
    if (words.length) told.push(el("dl", { class: "words" }, words));
    return told;
  }
  function drawings(row, detail) {
    const parts = [];
    if (detail.begin.length) parts.push(el("h2", {}, "States"), strip(row, detail));
    parts.push(el("h2", {}, "Ladder"), ...ladder(row, detail));
    const lanes = detail.lanes.map(lane);
    lanes.forEach((marks, role) => {
      const data = marks.sent.filter((mark) => mark.hi - mark.lo > 1);
      if (data.length > 2 || data.some((mark) => mark.kind === 1)) parts.push(...plot(row, marks, role));
    });
    if (detail.begin.length) parts.push(el("h2", {}, "Counts"), sums(detail));
    return parts;
  }
  function sums(detail) {
    const names = ["packets", "octets of payload", "… each counted once", "octets of IP", "octets missing in the capture", "segments sent again", "duplicate ACKs", "zero windows", "resets", "MSS offered", "window scale offered"];
    return el("div", { class: "wide" }, el("table", { class: "sums" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "sent by"), ROLES.map((role) => el("th", { scope: "col", class: "num" }, role)))),
      el("tbody", {}, names.map((name, at) => el("tr", {}, el("th", { scope: "row" }, name), detail.counts.map((counts) => el("td", { class: "num" }, counts[at] < 0 ? "–" : count(counts[at]))))))));
  }

  function state(code) { return { name: STATES[Math.floor(code / 3)] + "~?!"[code % 3], phase: PHASES[Math.floor(code / 3)], basis: BASES[code % 3] }; }
  function strip(row, detail) {
    const left = 60, width = 1000, span = Math.max(row.span, 1), place = (at) => left + Math.min(at / span, 1) * (width - left - 6);
    const picture = svg("svg", { class: "strip ladder", viewBox: `0 0 ${width} 76`, role: "img", "aria-label": "The states of both ends over time" });
    for (const role of [0, 1]) {
      const y = 4 + role * 28;
      const changes = [[0, detail.begin[role]]];
      for (const rung of detail.ladder) if (rung[0] === 0 && rung[7 + 2 * role] >= 0) changes.push([Math.max(rung[2], 0), rung[7 + 2 * role]]);
      picture.append(svg("text", { class: "right", x: left - 8, y: y + 15 }, ROLES[role]));
      changes.forEach(([at, code], nth) => {
        const end = nth + 1 < changes.length ? changes[nth + 1][0] : span, x = place(at), wide = place(end) - x, { name, phase, basis } = state(code);
        picture.append(svg("g", {}, svg("title", {}, `${name} from +${time(at)}`),
          svg("rect", { class: `was-${phase} ${basis}`, x: x.toFixed(1), y, width: Math.max(wide, nth + 1 === changes.length ? 3 : .8).toFixed(1), height: 22 }),
          wide > name.length * 7.2 && svg("text", { x: (x + 5).toFixed(1), y: y + 15 }, name)));
      });
    }
    for (const tick of steps(0, span, 6)) picture.append(svg("text", { class: "dim mid small", x: Math.max(place(tick), left + 4), y: 72 }, tick ? "+" + time(tick) : "0"));
    return picture;
  }

  // The ladder, as src/report/ladder/svg.rs draws it.
  const SAID = {
    ab: ["I can send and receive, my peer too"], a: ["I can receive, my peer can send"], b: ["I can send, my peer can receive"],
    f: ["my peer will send no more"], g: ["all I sent has arrived"], d: ["it is over"],
  };
  function known(letters) {
    const by = new Map();
    for (let at = 0; at < letters.length; at += 2) by.set(letters[at + 1], (by.get(letters[at + 1]) || "") + letters[at]);
    const said = [];
    for (const [basis, sign] of [["!", "✓"], ["?", "?"], ["~", "~"]]) {
      const facts = by.get(basis) || "";
      const both = facts.includes("a") && facts.includes("b");
      for (const key of both ? ["ab", "f", "g", "d"] : ["a", "b", "f", "g", "d"]) if (key === "ab" || facts.includes(key)) said.push(sign + " " + SAID[key][0]);
    }
    return said.join("; ");
  }
  function ladder(row, detail) {
    const saying = el("p", { class: "saying dim", role: "status" }, "Choose an arrow to read what it means.");
    const figure = el("div", { class: "figure" });
    const toggle = el("button", { class: "button toggle", type: "button", "aria-pressed": "false", onclick: () => {
      const scaled = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(scaled));
      figure.replaceChildren(rungs(row, detail, scaled, saying));
    } }, "Time to scale");
    figure.append(rungs(row, detail, false, saying));
    const signs = detail.begin.length ? "✓ proven, ? true once the packet arrives. Behind a state: ! proven, ? expected, ~ assumed; lifelines are paler where a state is not proven." : "";
    return [el("p", {}, toggle), el("p", { class: "dim small" }, signs), figure, saying];
  }
  function brief(text, most) { return text.length <= most ? text : text.slice(0, text.lastIndexOf(" ", most)); }
  function rungs(row, detail, scaled, saying) {
    const client = 268, server = 712, bar = 7, width = 1000, fall = 7, heading = 54, stateful = detail.begin.length > 0;
    const text = (x, y, kind, words) => svg("text", { x, y, class: kind }, words);
    const body = svg("g", {}), bars = [[[36, stateful ? detail.begin[0] : -1]], [[36, stateful ? detail.begin[1] : -1]]];
    const scale = scaled ? Math.min(Math.max(detail.ladder.length * 51, 300), 3000) / Math.max(row.span, 1) : 0;
    let y = heading, last = null;
    for (const item of detail.ladder) {
      const [begins, ends] = item[0] === 0 ? [item[2], item[2]] : item[0] === 1 ? [item[3], item[4]] : [last, last];
      if (last !== null && item[0] !== 2) y += Math.min(Math.max(begins - last, 0) * scale, 220);
      last = ends;
      if (item[0] === 0) {
        const [, n, at, from, nature, bits, label, , , , , remark, words] = item;
        const facts = [known(item[8]), known(item[10])], tall = facts.some(Boolean), out = y + 21;
        const [start, goal] = from === 0 ? [client + bar, server - bar] : [server - bar, client + bar], way = Math.sign(goal - start), lost = bits & 1;
        const [x, low] = lost ? [start + (goal - start) * .8, out + fall * .8] : [goal, out + fall];
        const cross = (x, y) => svg("path", { class: "cross", d: `M${x - 4.5} ${y - 4.5}l9 9m0 -9l-9 9` });
        const told = [`#${n}, +${time(Math.max(at, 0))}, ${ROLES[from]} to ${ROLES[1 - from]}: ${label}.`, words || remark];
        const say = () => {
          for (const other of body.querySelectorAll(".chosen")) other.classList.remove("chosen");
          rung.classList.add("chosen");
          saying.replaceChildren(el("b", {}, told[0]), " ", told[1]);
        };
        const rung = svg("g", { class: "rung " + NATURES[nature], tabindex: 0, "aria-label": told.join(" "), onclick: say, onfocus: say },
          svg("title", {}, told.join(" ")), svg("rect", { class: "hit", x: 8, y: y, width: width - 16, height: tall ? 46 : 34 }),
          text(52, out, "dim small right", "#" + n), text(62, out, "dim small", seconds(at)),
          svg("path", { class: "shaft", d: `M${start} ${out}L${lost ? x : x - way * 8} ${low}` }),
          lost ? cross(x, low) : svg("path", { class: "head", d: `M${x} ${low}L${x - way * 10} ${low - 4.5}L${x - way * 10} ${low + 4}z` }));
        if (bits & 2) rung.append(svg("path", { class: "gone", d: `M${start} ${out - 13}L${start + way * 46} ${out - 12}` }), cross(start + way * 46, out - 12));
        rung.append(text(490, out - 4, "label mid", label));
        [[client - 14, "right", 7], [server + 14, "", 9]].forEach(([x, side, code], role) => {
          const arrives = out + (role === from ? 0 : fall);
          if (stateful && item[code] >= 0) {
            rung.append(text(x, arrives + (role === from ? 1 : 0), "state " + side, state(item[code]).name));
            bars[role].push([arrives, item[code]]);
          }
          if (facts[role]) rung.append(text(x, arrives + (role === from ? 15 : 13), "dim small " + side, facts[role]));
        });
        if (lost || nature === 3) rung.append(text(width - 14, out, "dim small right", lost ? "lost behind the capture point" : brief(remark, 30)));
        body.append(rung);
        y += tall ? 46 : 34;
      } else if (item[0] === 1) {
        const [, first, end, at, , there, back, lost, notes] = item, middle = y + 20;
        const words = [there && there + " →", back && "← " + back, lost && `✗ ${lost} of them lost`].filter(Boolean).join("  ");
        body.append(svg("g", {}, svg("title", {}, `#${first} to #${end}` + (notes ? ": " + notes : "")),
          svg("path", { class: "rule", d: `M${client + 14} ${middle - 13}H${server - 14}M${client + 14} ${middle + 7}H${server - 14}` }),
          text(490, middle, "dim mid", `… ${words} …`), text(62, middle, "dim small", seconds(at))));
        y += 34;
      } else {
        body.append(text(490, y + 20, "dim mid", item[1] + " of silence"));
        for (const x of [client, server]) body.append(svg("path", { class: "lull", d: `M${x - bar} ${y + 17}l14 -6m-14 12l14 -6` }));
        y += 34;
      }
    }
    const height = y + 8, lines = svg("g", {});
    bars.forEach((pieces, role) => pieces.forEach(([from, code], nth) => {
      const to = nth + 1 < pieces.length ? pieces[nth + 1][0] : height, kind = code < 0 ? "was-none" : `was-${state(code).phase} ${state(code).basis}`;
      lines.append(svg("rect", { class: kind, x: (role ? server : client) - bar / 2, y: from, width: bar, height: Math.max(to - from, 0) }));
    }));
    const heads = [client, server].flatMap((x, role) => [text(x, 14, "end mid", ROLES[role]), text(x, 30, "dim mid", detail.ends[role]),
      stateful && text(role ? server + 14 : client - 14, 49, "state" + (role ? "" : " right"), state(detail.begin[role]).name)]);
    return svg("svg", { class: "ladder", viewBox: `0 0 ${width} ${height + 4}`, role: "group", "aria-label": "Ladder of the connection" }, heads, lines, body);
  }

  // Plots of one direction: sequence numbers, what is on its way, round trips; one axis of time.
  function lane([sent, acks, trips, coarse]) {
    const marks = { sent: [], acks: [], trips: [], coarse };
    let [t, n] = [0, 0];
    for (let at = 0; at < sent.length; at += 5) {
      const t0 = t + sent[at], t1 = t0 + sent[at + 1], lo = n + sent[at + 2], hi = lo + sent[at + 3];
      marks.sent.push({ t0, t1, lo, hi, kind: sent[at + 4] });
      [t, n] = [t1, hi];
    }
    [t, n] = [0, 0];
    for (let at = 0; at < acks.length; at += 3) {
      [t, n] = [t + acks[at], n + acks[at + 1]];
      marks.acks.push({ t, n, window: acks[at + 2] });
    }
    t = 0;
    for (let at = 0; at < trips.length; at += 2) { t += trips[at]; marks.trips.push({ t, trip: trips[at + 1] }); }
    return marks;
  }
  function plot(row, marks, role) {
    const span = Math.max(row.span, 1), whole = [-.02 * span, 1.02 * span], range = [...whole], holder = el("div", {});
    const draw = () => holder.replaceChildren(panes(marks, range, zoom, role));
    const zoom = (from, to) => {
      const least = (whole[1] - whole[0]) / 5000;
      range[0] = Math.max(whole[0], Math.min(from, to));
      range[1] = Math.min(whole[1], Math.max(from, to));
      if (range[1] - range[0] < least) range[1] = range[0] + least;
      draw();
    };
    const by = (factor) => { const middle = (range[0] + range[1]) / 2, half = (range[1] - range[0]) / 2 * factor; zoom(middle - half, middle + half); };
    const shift = (part) => { const step = (range[1] - range[0]) * part; if (range[0] + step >= whole[0] && range[1] + step <= whole[1]) zoom(range[0] + step, range[1] + step); };
    draw();
    const button = (words, label, act) => el("button", { class: "button", type: "button", "aria-label": label, onclick: act }, words);
    const key = (kind, words) => el("span", {}, svg("svg", { viewBox: "0 0 22 10", "aria-hidden": "true" }, svg("path", { class: kind, d: kind.startsWith("l-") ? "M0 5H22" : "M11 0V10" })), words);
    return [el("h2", {}, `Data from the ${ROLES[role]}`),
      el("p", { class: "legend" }, key("m-data", "segment"), key("m-again", "sent again (R)"), key("m-syn", "SYN"), key("m-fin", "FIN"), key("l-ack", "acknowledged"), key("l-window", "window"), key("l-flight", "on its way")),
      el("p", { class: "nav toggle" }, button("+", "Zoom in", () => by(.5)), button("−", "Zoom out", () => by(2)), button("←", "Earlier", () => shift(-.25)), button("→", "Later", () => shift(.25)), button("All", "Show all", () => zoom(...whole)),
        el("span", { class: "dim small" }, "Drag across the plot to look closer.")),
      holder, marks.coarse ? el("p", { class: "dim small" }, "Drawn more coarsely than it was captured: neighbouring segments are joined to one bar.") : null].filter(Boolean);
  }
  function panes(marks, range, zoom, role) {
    const left = 76, width = 1000, right = width - 12, [from, to] = range, place = (t) => left + (t - from) / (to - from) * (right - left);
    const near = (t0, t1) => t1 >= from && t0 <= to;
    const picture = svg("svg", { class: "plot", viewBox: "0 0 1000 560", role: "img", "aria-label": `Time-sequence plot, window and round trips of the data from the ${ROLES[role]}` });
    const pane = (top, height, name, least, most, unit) => {
      const y = (value) => top + height - (value - least) / Math.max(most - least, 1) * height;
      picture.append(svg("rect", { class: "frame", x: left, y: top, width: right - left, height }), svg("text", { class: "name", x: left + 6, y: top + 14 }, name));
      for (const tick of steps(least, most, height / 45)) picture.append(svg("path", { class: "grid", d: `M${left} ${y(tick).toFixed(1)}H${right}` }), svg("text", { class: "right", x: left - 6, y: y(tick) + 4 }, unit(tick)));
      const clip = `clip-${role}-${top}`, inside = svg("g", { "clip-path": `url(#${clip})` });
      picture.append(svg("clipPath", { id: clip }, svg("rect", { x: left, y: top, width: right - left, height })), inside);
      return [y, inside];
    };
    const stairs = (points, y) => {
      let path = "", low = null;
      for (const [t, value] of points) {
        const [x, high] = [place(t).toFixed(1), y(value).toFixed(1)];
        path += low === null ? `M${x} ${high}` : `H${x}V${high}`;
        low = high;
      }
      return low === null ? "" : path + `H${right}`;
    };
    const around = (list, when) => list.filter((mark, at) => near(when(mark), when(list[Math.min(at + 1, list.length - 1)])) || near(when(mark), when(mark)));
    const sent = marks.sent.filter((mark) => near(mark.t0, mark.t1)), acks = around(marks.acks, (ack) => ack.t);
    const numbers = [...sent.flatMap((mark) => [mark.lo, mark.hi]), ...acks.map((ack) => ack.n)];
    const least = Math.min(...numbers, Infinity), most = Math.max(...numbers, -Infinity), span = Math.max(most - least, 1);
    const [y, inside] = pane(6, 300, "sequence numbers", Number.isFinite(least) ? least - span * .03 : 0, Number.isFinite(most) ? most + span * .08 : 1, (tick) => octets(Math.round(tick)).replace(" B", ""));
    inside.append(svg("path", { class: "l-window", d: stairs(acks.map((ack) => [ack.t, Math.min(ack.n + ack.window, most + span)]), y) }), svg("path", { class: "l-ack", d: stairs(acks.map((ack) => [ack.t, ack.n]), y) }));
    const kinds = ["m-data", "m-again", "m-syn", "m-fin", "m-rst"];
    for (const mark of sent) {
      const [x0, x1, y0, y1] = [place(mark.t0), place(mark.t1), y(mark.lo), y(mark.hi)].map((value) => value.toFixed(1));
      const told = svg("title", {}, `+${time(mark.t0)}: ${mark.lo} to ${mark.hi}, ${octets(mark.hi - mark.lo)}` + ["", ", sent again", ", SYN", ", FIN", ", RST"][mark.kind]);
      inside.append(svg("path", { class: kinds[mark.kind], d: `M${x0} ${y0}L${x1} ${y1}M${x0 - 2.5} ${y0}h5M${x1 - 2.5} ${y1}h5` }, told));
      if (mark.kind) inside.append(svg("text", { x: x1, y: y1 - 4, class: "mid" }, ["", "R", "SYN", "FIN", "RST"][mark.kind]));
    }
    const [flight, window] = onItsWay(marks);
    const seen = (points) => around(points, ([t]) => t);
    const high = Math.max(1, ...seen(flight).map(([, value]) => value)), roof = Math.min(Math.max(high, ...seen(window).map(([, value]) => value)), high * 4);
    const [yw, insideW] = pane(326, 100, "on its way, and the window", 0, roof * 1.1, (tick) => octets(Math.round(tick)));
    insideW.append(svg("path", { class: "l-window", d: stairs(seen(window).map(([t, value]) => [t, Math.min(value, roof * 1.2)]), yw) }), svg("path", { class: "l-flight", d: stairs(seen(flight), yw) }));
    const trips = marks.trips.filter(({ t }) => near(t, t));
    const [yt, insideT] = pane(446, 80, "round trips", 0, Math.max(1, ...trips.map(({ trip }) => trip)) * 1.15, (tick) => time(Math.round(tick)));
    for (const { t, trip } of trips) insideT.append(svg("circle", { class: "d-trip", cx: place(t).toFixed(1), cy: yt(trip).toFixed(1), r: 2.2 }, svg("title", {}, `+${time(t)}: ${time(trip)}`)));
    for (const tick of steps(from, to, 7)) if (tick >= 0) picture.append(svg("text", { class: "mid", x: place(tick), y: 544 }, tick ? "+" + time(Math.round(tick)) : "0"));
    brush(picture, (x) => from + (Math.min(Math.max(x, left), right) - left) / (right - left) * (to - from), zoom);
    return picture;
  }
  function onItsWay(marks) {
    const events = [...marks.sent.map((mark) => [mark.t1, mark.hi, null]), ...marks.acks.map((ack) => [ack.t, ack.n, ack.window])].sort((a, b) => a[0] - b[0]);
    const flight = [], window = [];
    let sent = null, acked = null;
    for (const [t, n, offered] of events) {
      if (offered === null) sent = Math.max(sent === null ? n : sent, n);
      else { acked = Math.max(acked === null ? n : acked, n); window.push([t, offered]); }
      if (sent !== null && acked !== null) flight.push([t, Math.max(sent - acked, 0)]);
    }
    return [flight, window];
  }
  function brush(picture, when, zoom) {
    let start = null, shade = null;
    const place = (event) => { const box = picture.getBoundingClientRect(); return (event.clientX - box.left) / box.width * 1000; };
    picture.addEventListener("pointerdown", (event) => {
      start = place(event);
      shade = svg("rect", { class: "brush", x: start, y: 6, width: 0, height: 520 });
      picture.append(shade);
      picture.setPointerCapture(event.pointerId);
    });
    picture.addEventListener("pointermove", (event) => {
      if (start === null) return;
      const here = place(event);
      shade.setAttribute("x", Math.min(start, here));
      shade.setAttribute("width", Math.abs(here - start));
    });
    picture.addEventListener("pointerup", (event) => {
      const here = place(event), from = start;
      start = null;
      shade.remove();
      if (Math.abs(here - from) > 6) zoom(when(from), when(here));
    });
  }

  // Which of the two is seen is in the address, so that a connection can be linked to.
  function route() {
    const found = /^#c(\d+)$/.exec(location.hash), id = found && Number(found[1]), open = found !== null && byId.has(id);
    $("overview").hidden = open;
    $("page").hidden = !open;
    document.querySelector("header").hidden = open;
    if (open) {
      page(id);
      scrollTo(0, 0);
      $("page").focus({ preventScroll: true });
    } else {
      $("page").replaceChildren();
      if (location.hash === "#list") $("list-title").scrollIntoView();
    }
  }
  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target.closest && event.target.closest("input, select, textarea");
    if (event.key === "Escape" && !$("page").hidden) location.hash = "list";
    else if (event.key === "/" && !writing && $("page").hidden) { event.preventDefault(); $("find").focus(); }
    else if ((event.key === "j" || event.key === "k") && !writing && !$("page").hidden) {
      const at = view.list.findIndex((row) => "#c" + row.id === location.hash), next = view.list[at + (event.key === "j" ? 1 : -1)];
      if (next) location.hash = "c" + next.id;
    }
  }

  glance();
  timeline();
  trips();
  outcomes();
  $("grade").append(el("option", { value: "" }, "all"), ...GRADES.map((name, grade) => el("option", { value: grade }, name)));
  $("protocol").append(el("option", { value: "" }, "all"), ...data.protocols.map(([name]) => el("option", { value: name }, name.toUpperCase())));
  $("find").addEventListener("input", () => { view.find = $("find").value; list(); });
  $("grade").addEventListener("change", () => { view.grade = $("grade").value; list(); });
  $("protocol").addEventListener("change", () => { view.proto = $("protocol").value; list(); });
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("more").addEventListener("click", () => { view.shown += 5 * CHUNK; show(); });
  addEventListener("hashchange", route);
  addEventListener("keydown", keys);
  list();
  route();
})();
