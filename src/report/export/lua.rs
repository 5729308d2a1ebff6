//! A dissector in Lua, for Wireshark and tshark.
//!
//! It cuts as `capture::declared` does: in step from the first octet of a stream on, and where a
//! header is none, on to the next place that a message is believed to begin at.

use std::fmt::Write as _;

use super::lua_sums;
use crate::wire::declared::{
    Body, Comparison, Condition, Covers, Definition, Endian, Field, Length, Over, Piece, Type,
};

/// The dissector of a protocol.
pub fn lua(of: &Definition) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, of);
    out
}

fn write(out: &mut String, of: &Definition) -> std::fmt::Result {
    let name = &of.name;
    let carrier = carrier(of);
    writeln!(out, "-- {name}, for Wireshark and tshark: written by `synfin proto export lua`.")?;
    writeln!(out, "--\n--   tshark -X lua_script:{name}.lua -r capture.pcap -Y {name}\n")?;
    writeln!(out, "local proto = Proto(\"{name}\", \"{name}\")\n")?;
    writeln!(out, "local HEADER, MOST = {}, {}\n", of.header, of.max)?;
    fields(out, of)?;
    magic(out, of)?;
    measure(out, of)?;
    lua_sums::write(out, of)?;
    pairing(out, of)?;
    message(out, of)?;
    out.push_str(match of.over {
        Over::Tcp => STREAM,
        Over::Udp => DATAGRAM,
    });
    for port in &of.ports {
        writeln!(out, "DissectorTable.get(\"{carrier}.port\"):add({port}, proto)")?;
    }
    if of.magic.iter().map(|magic| magic.octets.len()).sum::<usize>() >= 2 {
        writeln!(out, "\n-- On other ports: what begins with a header.")?;
        writeln!(out, "proto:register_heuristic(\"{carrier}\", function(tvb, pinfo, tree)")?;
        writeln!(out, "  if tvb:len() < HEADER or not has_magic(tvb, 0) or not measure(tvb, 0) then return false end")?;
        if of.over == Over::Tcp {
            writeln!(out, "  pinfo.conversation = proto")?;
        }
        writeln!(out, "  proto.dissector(tvb, pinfo, tree)\n  return true\nend)")?;
    }
    Ok(())
}

const fn carrier(of: &Definition) -> &'static str {
    match of.over {
        Over::Tcp => "tcp",
        Over::Udp => "udp",
    }
}

fn fields(out: &mut String, of: &Definition) -> std::fmt::Result {
    let name = &of.name;
    writeln!(out, "local f = {{}}")?;
    for field in &of.fields {
        let id = &field.name;
        let kind = match field.kind {
            Type::Unsigned(octets) => format!("uint{}", width(octets)),
            Type::Signed(octets) => format!("int{}", width(octets)),
            Type::Bytes(_) => "bytes".to_owned(),
            Type::Text(_) => "string".to_owned(),
        };
        write!(out, "f[\"{id}\"] = ProtoField.{kind}(\"{name}.{id}\", \"{id}\"")?;
        if field.kind.is_number() {
            let base = if field.bits.is_empty() { "base.DEC" } else { "base.HEX" };
            let base = if matches!(field.kind, Type::Signed(_)) { "base.DEC" } else { base };
            let values: Vec<String> =
                field.names.iter().map(|(value, name)| format!("[{value}] = \"{name}\"")).collect();
            let values = if values.is_empty() { "nil".to_owned() } else { format!("{{ {} }}", values.join(", ")) };
            write!(out, ", {base}, {values}")?;
            if let Some(mask) = field.mask {
                write!(out, ", {mask:#x}")?;
            }
        }
        writeln!(out, ")")?;
        for (bit, flag) in &field.bits {
            let mask = 1u64 << (u32::from(*bit) + field.shift());
            let bits = field.kind.size() * 8;
            writeln!(
                out,
                "f[\"{id}.{flag}\"] = ProtoField.bool(\"{name}.{id}.{flag}\", \"{flag}\", {bits}, nil, {mask:#x})"
            )?;
        }
    }
    let body = if of.body == Body::Text { "string" } else { "bytes" };
    writeln!(out, "local f_body = ProtoField.{body}(\"{name}.body\", \"body\")")?;
    writeln!(out, "local f_size = ProtoField.uint32(\"{name}.message.size\", \"Octets of the message\")")?;
    writeln!(out, "local f_right = ProtoField.bool(\"{name}.message.checksum_ok\", \"Checksum is right\")")?;
    writeln!(
        out,
        "local f_request = ProtoField.framenum(\"{name}.message.request_in\", \"Answers\", base.NONE, frametype.REQUEST)"
    )?;
    writeln!(out, "local f_time = ProtoField.relative_time(\"{name}.message.response_time\", \"In\")")?;
    writeln!(out, "local f_lost = ProtoField.bytes(\"{name}.no_message\", \"In no message\")")?;
    writeln!(out, "local all = {{ f_body, f_size, f_right, f_request, f_time, f_lost }}")?;
    writeln!(out, "for _, field in pairs(f) do table.insert(all, field) end")?;
    writeln!(out, "proto.fields = all\n")?;
    out.push_str(NUMBERS);
    Ok(())
}

/// Bits of Wireshark's type for so many octets.
const fn width(octets: u8) -> u32 {
    match octets {
        1 => 8,
        2 => 16,
        3 => 24,
        4 => 32,
        _ => 64,
    }
}

/// Reads what a field says as a number.
fn number(field: &Field) -> String {
    let size = field.kind.size();
    let le = field.endian == Endian::Little;
    let whole = format!("number(tvb, offset + {}, {size}, {le})", field.at);
    match (field.kind, field.mask) {
        (Type::Signed(_), _) => format!("signed({whole}, {size})"),
        (_, Some(mask)) => {
            format!("math.floor({whole} / {}) % {}", 1u64 << field.shift(), u128::from(mask >> field.shift()) + 1)
        }
        (_, None) => whole,
    }
}

fn magic(out: &mut String, of: &Definition) -> std::fmt::Result {
    writeln!(out, "-- Whether the magic stands at an offset, as far as there are octets.")?;
    writeln!(out, "local function has_magic(tvb, offset)")?;
    for magic in &of.magic {
        for (at, octet) in (magic.at..).zip(&magic.octets) {
            writeln!(
                out,
                "  if offset + {at} < tvb:len() and tvb(offset + {at}, 1):uint() ~= {octet:#04x} then return false end"
            )?;
        }
    }
    writeln!(out, "  return true\nend\n\nlocal HAS_MAGIC = {}\n", !of.magic.is_empty())
}

fn measure(out: &mut String, of: &Definition) -> std::fmt::Result {
    writeln!(out, "-- Octets of the message whose header begins at an offset; nil where it is none.")?;
    writeln!(out, "local function measure(tvb, offset)")?;
    match of.length {
        None => writeln!(out, "  local size = HEADER")?,
        Some(length) => {
            let Length { unit, add, .. } = length;
            let said = of.fields.get(length.field).map_or_else(|| "0".to_owned(), number);
            let more = i128::from(add) + of.uncounted(length);
            writeln!(out, "  local size = {said} * {unit} + {more}")?;
        }
    }
    writeln!(out, "  if size >= HEADER and size <= MOST then return size end\nend\n")
}

/// What the names of values and bits are, for the line of a message.
fn text_of(field: &Field) -> String {
    let id = &field.name;
    match field.kind {
        Type::Bytes(size) => format!("tvb(offset + {}, {size}):bytes():tohex(true)", field.at),
        Type::Text(size) => format!("text(tvb(offset + {}, {size}))", field.at),
        Type::Unsigned(_) | Type::Signed(_) => {
            let values: Vec<String> =
                field.names.iter().map(|(value, name)| format!("[{value}] = \"{name}\"")).collect();
            let bits: Vec<String> = field.bits.iter().map(|(bit, name)| format!("{{ {bit}, \"{name}\" }}")).collect();
            let whole = field.kind.size() > 6 && field.mask.is_none();
            if whole && values.is_empty() && bits.is_empty() {
                // Beyond what a number of Lua 5.2 can say.
                let read = match (field.kind, field.endian) {
                    (Type::Signed(_), Endian::Big) => "int64",
                    (Type::Signed(_), Endian::Little) => "le_int64",
                    (_, Endian::Big) => "uint64",
                    (_, Endian::Little) => "le_uint64",
                };
                return format!("tostring(tvb(offset + {}, {}):{read}())", field.at, field.kind.size());
            }
            format!("named({}, {{ {} }}, {{ {} }}) --[[ {id} ]]", number(field), values.join(", "), bits.join(", "))
        }
    }
}

fn message(out: &mut String, of: &Definition) -> std::fmt::Result {
    writeln!(out, "-- Shows the message at an offset, and says it in a line.")?;
    writeln!(out, "local function message(tvb, offset, size, pinfo, tree)")?;
    writeln!(out, "  local root = tree:add(proto, tvb(offset, size))")?;
    for field in &of.fields {
        let (id, at, size) = (&field.name, field.at, field.kind.size());
        let add = if field.endian == Endian::Little && field.kind.is_number() { "add_le" } else { "add" };
        if matches!(field.kind, Type::Text(_)) {
            let range = format!("tvb(offset + {at}, {size})");
            writeln!(out, "  root:add(f[\"{id}\"], {range}, text({range}))")?;
            continue;
        }
        let item = if field.bits.is_empty() { "" } else { "local item = " };
        if field.bits.is_empty() {
            writeln!(out, "  root:{add}(f[\"{id}\"], tvb(offset + {at}, {size}))")?;
        } else {
            writeln!(out, "  do\n    {item}root:{add}(f[\"{id}\"], tvb(offset + {at}, {size}))")?;
            for (_, flag) in &field.bits {
                writeln!(out, "    item:{add}(f[\"{id}.{flag}\"], tvb(offset + {at}, {size}))")?;
            }
            writeln!(out, "  end")?;
        }
    }
    writeln!(out, "  if size > HEADER then")?;
    match of.body {
        Body::Text => {
            writeln!(out, "    root:add_packet_field(f_body, tvb(offset + HEADER, size - HEADER), ENC_UTF_8)")?;
        }
        Body::Bytes => writeln!(out, "    root:add(f_body, tvb(offset + HEADER, size - HEADER))")?,
    }
    writeln!(out, "  end")?;
    writeln!(out, "  root:add(f_size, size):set_generated()")?;
    if let Some(field) = of.checksum.and_then(|checksum| of.fields.get(checksum.field)) {
        writeln!(out, "  root:add(f_right, sum(tvb, offset, size) == {}):set_generated()", number(field))?;
    }
    if of.pair.is_some() {
        writeln!(out, "  pair(tvb, offset, pinfo, root)")?;
    }
    let mut pieces = Vec::new();
    for piece in &of.summary.pieces {
        match piece {
            Piece::Text(text) => pieces.push(quoted(text)),
            Piece::Field(place) => pieces.extend(of.fields.get(*place).map(text_of)),
            Piece::Body => pieces.push("body(tvb, offset, size)".to_owned()),
        }
    }
    if pieces.is_empty() {
        pieces.push(quoted(&of.name));
    }
    writeln!(out, "  local line = table.concat({{\n    {}\n  }})", pieces.join(",\n    "))?;
    writeln!(out, "  root:append_text(\": \" .. line)\n  return line\nend\n")
}

fn pairing(out: &mut String, of: &Definition) -> std::fmt::Result {
    let shown = if of.body == Body::Text { "shown:raw()" } else { "shown:bytes():tohex(true)" };
    writeln!(out, "-- How the body begins.\nlocal function body(tvb, offset, size)")?;
    writeln!(out, "  if size <= HEADER then return \"\" end")?;
    writeln!(out, "  local shown = tvb(offset + HEADER, math.min(size - HEADER, 40))")?;
    writeln!(out, "  return {shown}\nend\n")?;
    let Some(pair) = &of.pair else { return Ok(()) };
    let carrier = carrier(of);
    let server: Vec<String> = of.ports.iter().map(|port| format!("pinfo.src_port == {port}")).collect();
    let server = if server.is_empty() { "pinfo.src_port < pinfo.dst_port".to_owned() } else { server.join(" or ") };
    let meets = |condition: &Option<Condition>, usual: String| {
        condition.as_ref().map_or(usual, |condition| says(of, condition))
    };
    let key = match pair.key.and_then(|place| of.fields.get(place)) {
        Some(field) => format!("tvb(offset + {}, {}):bytes():tohex()", field.at, field.kind.size()),
        None => "\"\"".to_owned(),
    };
    writeln!(out, "local stream_of = Field.new(\"{carrier}.stream\")")?;
    writeln!(out, "-- Requests that wait, by conversation and key; and what was found out, by packet.")?;
    writeln!(out, "local waiting, found = {{}}, {{}}")?;
    writeln!(out, "function proto.init() waiting, found = {{}}, {{}} end\n")?;
    writeln!(out, "local function pair(tvb, offset, pinfo, root)")?;
    writeln!(out, "  local here = pinfo.number .. \":\" .. root.text .. offset")?;
    writeln!(out, "  if not pinfo.visited and not found[here] then")?;
    writeln!(out, "    local stream = stream_of()")?;
    writeln!(out, "    local key = tostring(stream and stream.value) .. \":\" .. {key}")?;
    writeln!(out, "    if {} then", meets(&pair.request, format!("not ({server})")))?;
    writeln!(out, "      waiting[key] = waiting[key] or {{}}")?;
    writeln!(out, "      table.insert(waiting[key], {{ n = pinfo.number, time = pinfo.abs_ts }})")?;
    writeln!(out, "    elseif {} then", meets(&pair.response, format!("({server})")))?;
    writeln!(out, "      local request = waiting[key] and table.remove(waiting[key], 1)")?;
    writeln!(out, "      if request then found[here] = {{ n = request.n, after = pinfo.abs_ts - request.time }} end")?;
    writeln!(out, "    end\n  end")?;
    writeln!(out, "  if found[here] then")?;
    writeln!(out, "    root:add(f_request, found[here].n):set_generated()")?;
    writeln!(out, "    local after = math.max(found[here].after, 0)")?;
    writeln!(
        out,
        "    root:add(f_time, NSTime.new(math.floor(after), math.floor((after % 1) * 1e9 + 0.5))):set_generated()"
    )?;
    writeln!(out, "  end\nend\n")
}

/// A condition as Lua says it.
fn says(of: &Definition, condition: &Condition) -> String {
    let number = |place: &usize| of.fields.get(*place).map_or_else(|| "0".to_owned(), number);
    let joined = |all: &[Condition], word: &str| {
        let all: Vec<String> = all.iter().map(|condition| says(of, condition)).collect();
        format!("({})", all.join(word))
    };
    match condition {
        Condition::Compared(place, comparison, value) => {
            let sign = if *comparison == Comparison::Unequal { "~=" } else { comparison.sign() };
            format!("{} {sign} {value}", number(place))
        }
        Condition::OneOf(place, values) => {
            let one = |value: &i64| format!("{} == {value}", number(place));
            format!("({})", values.iter().map(one).collect::<Vec<_>>().join(" or "))
        }
        Condition::Bit(place, bit) => format!("math.floor({} / {}) % 2 == 1", number(place), 1u64 << (*bit).min(63)),
        Condition::Not(condition) => format!("not ({})", says(of, condition)),
        Condition::All(all) => joined(all, " and "),
        Condition::Any(any) => joined(any, " or "),
    }
}

/// A text between quotes, as Lua reads it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for octet in text.bytes() {
        match octet {
            b'"' | b'\\' => out.extend(['\\', char::from(octet)]),
            b' '..=b'~' => out.push(char::from(octet)),
            _ => out.push_str(&format!("\\{octet:03}")),
        }
    }
    out.push('"');
    out
}

/// Whether a checksum is reckoned over the header, and over the body.
pub(super) const fn covers(over: Covers) -> (bool, bool) {
    match over {
        Covers::Message => (true, true),
        Covers::Header => (true, false),
        Covers::Body => (false, true),
    }
}

const NUMBERS: &str = r#"local function number(tvb, at, size, little)
  local value = 0
  for nth = 0, size - 1 do
    value = value * 256 + tvb(at + (little and size - 1 - nth or nth), 1):uint()
  end
  return value
end

local function signed(value, size)
  return value >= 2 ^ (8 * size - 1) and value - 2 ^ (8 * size) or value
end

-- Text without the zeros that fill it up.
local function text(range)
  return (range:raw():gsub("\0+$", ""))
end

-- What a number, or its bits, are called.
local function named(value, names, bits)
  if names[value] then return names[value] end
  if #bits == 0 then return string.format("%.0f", value) end
  local set, rest = {}, value
  for _, bit in ipairs(bits) do
    if math.floor(value / 2 ^ bit[1]) % 2 == 1 then
      table.insert(set, bit[2])
      rest = rest - 2 ^ bit[1]
    end
  end
  if rest > 0 then table.insert(set, string.format("0x%x", rest)) end
  return #set > 0 and table.concat(set, "|") or "0"
end

"#;

const STREAM: &str = r#"-- Whether a message is believed to begin at an offset.
local function believed(tvb, offset)
  local rest = tvb:len() - offset
  if not has_magic(tvb, offset) then return false end
  if rest < HEADER then return HAS_MAGIC end
  local size = measure(tvb, offset)
  if not size then return false end
  if size >= rest then return size == rest or HAS_MAGIC end
  if not HAS_MAGIC then return believed(tvb, offset + size) end
  local next = offset + size
  if not has_magic(tvb, next) then return false end
  return tvb:len() - next < HEADER or measure(tvb, next) ~= nil
end

-- The next place behind an offset where a message is believed to begin.
local function find(tvb, offset)
  while HAS_MAGIC and offset < tvb:len() do
    if believed(tvb, offset) then return offset end
    offset = offset + 1
  end
  return tvb:len()
end

function proto.dissector(tvb, pinfo, tree)
  pinfo.cols.protocol = proto.name
  local offset, lines = 0, {}
  while offset < tvb:len() do
    local rest = tvb:len() - offset
    local is_header = has_magic(tvb, offset)
    local size = is_header and rest >= HEADER and measure(tvb, offset)
    if is_header and rest < HEADER then
      pinfo.desegment_offset, pinfo.desegment_len = offset, DESEGMENT_ONE_MORE_SEGMENT
      break
    elseif size and size > rest then
      pinfo.desegment_offset, pinfo.desegment_len = offset, size - rest
      break
    elseif size then
      table.insert(lines, message(tvb, offset, size, pinfo, tree))
      offset = offset + size
    else
      local next = find(tvb, offset + 1)
      tree:add(f_lost, tvb(offset, next - offset))
      table.insert(lines, (next - offset) .. " octets in no message")
      offset = next
    end
  end
  if #lines > 0 then pinfo.cols.info = table.concat(lines, ", ") end
  return tvb:len()
end

"#;

const DATAGRAM: &str = r#"function proto.dissector(tvb, pinfo, tree)
  pinfo.cols.protocol = proto.name
  local offset, lines = 0, {}
  while offset < tvb:len() do
    local rest = tvb:len() - offset
    local size = rest >= HEADER and has_magic(tvb, offset) and measure(tvb, offset)
    if size and size <= rest then
      table.insert(lines, message(tvb, offset, size, pinfo, tree))
      offset = offset + size
    else
      tree:add(f_lost, tvb(offset, rest))
      table.insert(lines, rest .. " octets in no message")
      offset = tvb:len()
    end
  end
  if #lines > 0 then pinfo.cols.info = table.concat(lines, ", ") end
  return tvb:len()
end

"#;
