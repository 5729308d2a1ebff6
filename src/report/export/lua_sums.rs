//! Checksums in Lua.

use std::fmt::Write as _;

use super::lua::covers;
use crate::wire::declared::{Definition, Sum};

/// Appends the function that reckons the checksum of a message, where the protocol has one.
pub(super) fn write(out: &mut String, of: &Definition) -> std::fmt::Result {
    let Some((checksum, field)) = of.checksum.and_then(|checksum| Some((checksum, of.fields.get(checksum.field)?)))
    else {
        return Ok(());
    };
    let (header, body) = covers(checksum.over);
    writeln!(out, "-- The octets that the checksum is reckoned over; its own count as zeros.")?;
    writeln!(out, "local function summed(tvb, offset, size)")?;
    writeln!(out, "  local octets = {{}}")?;
    let from = if header { "0" } else { "HEADER" };
    let to = if body { "size" } else { "HEADER" };
    writeln!(out, "  for at = {from}, {to} - 1 do")?;
    writeln!(out, "    local own = at >= {} and at < {}", field.at, field.end())?;
    writeln!(out, "    table.insert(octets, own and 0 or tvb(offset + at, 1):uint())")?;
    writeln!(out, "  end\n  return octets\nend\n")?;
    if matches!(checksum.sum, Sum::Xor8 | Sum::Crc16Ccitt | Sum::Crc16Modbus | Sum::Crc32 | Sum::Crc32c) {
        out.push_str(XOR);
    }
    match checksum.sum {
        Sum::Inet16 => out.push_str(INET16),
        Sum::Sum8 => out.push_str(SUM8),
        Sum::Xor8 => out.push_str(XOR8),
        Sum::Adler32 => out.push_str(ADLER32),
        Sum::Crc16Ccitt => out.push_str(CCITT),
        Sum::Crc16Modbus => reflected(out, "0xa001", "0xffff", "value"),
        Sum::Crc32 => reflected(out, "0xedb88320", "0xffffffff", "0xffffffff - value"),
        Sum::Crc32c => reflected(out, "0x82f63b78", "0xffffffff", "0xffffffff - value"),
    }
    Ok(())
}

/// A CRC whose bits are reflected.
fn reflected(out: &mut String, polynomial: &str, from: &str, result: &str) {
    out.push_str(&REFLECTED.replace("POLYNOMIAL", polynomial).replace("FROM", from).replace("RESULT", result));
}

const XOR: &str = r#"-- Lua 5.2 has no sign for it, Lua 5.4 has no library.
local xor = bit and function(a, b) return bit.bxor(a, b) % 4294967296 end
  or bit32 and bit32.bxor
  or load("return function(a, b) return a // 1 | 0 ~ b // 1 | 0 end")()

"#;

const INET16: &str = r"local function sum(tvb, offset, size)
  local value, octets = 0, summed(tvb, offset, size)
  for at = 1, #octets, 2 do
    value = value + octets[at] * 256 + (octets[at + 1] or 0)
    value = value % 65536 + math.floor(value / 65536)
  end
  return 65535 - value
end

";

const SUM8: &str = r"local function sum(tvb, offset, size)
  local value = 0
  for _, octet in ipairs(summed(tvb, offset, size)) do value = (value + octet) % 256 end
  return value
end

";

const XOR8: &str = r"local function sum(tvb, offset, size)
  local value = 0
  for _, octet in ipairs(summed(tvb, offset, size)) do value = xor(value, octet) end
  return value
end

";

const ADLER32: &str = r"local function sum(tvb, offset, size)
  local a, b = 1, 0
  for _, octet in ipairs(summed(tvb, offset, size)) do
    a = (a + octet) % 65521
    b = (b + a) % 65521
  end
  return b * 65536 + a
end

";

const CCITT: &str = r"local function sum(tvb, offset, size)
  local value = 0xffff
  for _, octet in ipairs(summed(tvb, offset, size)) do
    value = xor(value, octet * 256)
    for _ = 1, 8 do
      value = value >= 32768 and xor(value * 2 % 65536, 0x1021) or value * 2
    end
  end
  return value
end

";

const REFLECTED: &str = r"local sums = {}
for octet = 0, 255 do
  local value = octet
  for _ = 1, 8 do
    value = value % 2 == 1 and xor(math.floor(value / 2), POLYNOMIAL) or math.floor(value / 2)
  end
  sums[octet] = value
end

local function sum(tvb, offset, size)
  local value = FROM
  for _, octet in ipairs(summed(tvb, offset, size)) do
    value = xor(math.floor(value / 256), sums[xor(value, octet) % 256])
  end
  return RESULT
end

";
