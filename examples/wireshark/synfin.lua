-- The comments of `synfin annotate` as fields, for Wireshark and tshark (3.4 or later).
--
--   tshark -X lua_script:synfin.lua -r annotated.pcapng -Y 'synfin.step == 3'
--
-- To have it in every Wireshark: copy it into the folder that Help > About > Folders calls
-- "Personal Lua Plugins". docs/annotations.md describes the comments and the fields.

local proto = Proto("synfin", "synfin: what the packet meant")

proto.prefs.info = Pref.bool("Tell it in the Info column", false,
  "Put the notes and both ends' states in front of the Info column")
proto.prefs.expert = Pref.bool("Tell of trouble in Expert Info", true,
  "Retransmissions, losses, resets and the like, each with its severity")

local f = {
  conn = ProtoField.uint32("synfin.conn", "Connection"),
  from = ProtoField.string("synfin.from", "Sent by"),
  step = ProtoField.uint8("synfin.step", "Step of the opening"),
  close_step = ProtoField.uint8("synfin.close_step", "Step of the close"),
  note = ProtoField.string("synfin.note", "Note"),
  nth = ProtoField.uint32("synfin.nth", "Repeat"),
  about = ProtoField.framenum("synfin.about", "About frame"),
  skip = ProtoField.string("synfin.skip", "Belongs to no connection"),
  text = ProtoField.string("synfin.text", "In words"),
}

-- What each end has, under its name.
local bases = { ["!"] = "proven", ["?"] = "expected", ["~"] = "assumed" }
local ends = {}
for _, role in ipairs({ "client", "server" }) do
  local name = "synfin." .. role
  local title = role == "client" and "Client" or "Server"
  ends[role] = {
    state = ProtoField.string(name .. ".state", title .. " state"),
    basis = ProtoField.string(name .. ".basis", title .. " state is"),
    before = ProtoField.string(name .. ".before", title .. " state before"),
    before_basis = ProtoField.string(name .. ".before_basis", title .. " state before was"),
    fact = ProtoField.string(name .. ".fact", title .. " now knows"),
    moved = ProtoField.bool(name .. ".moved", title .. " changed state"),
  }
end

local fields = {}
for _, field in pairs(f) do table.insert(fields, field) end
for _, role in pairs(ends) do
  for _, field in pairs(role) do table.insert(fields, field) end
end
proto.fields = fields

-- Which notes are trouble, by how their name begins; the first that fits counts.
local trouble = {
  { "capture.", expert.severity.NOTE },
  { "checksum.bad", expert.severity.WARN },
  { "rst.suspect", expert.severity.WARN },
  { "reset.after_close", expert.severity.NOTE },
  { "reset.", expert.severity.WARN },
  { "open.refused", expert.severity.WARN },
  { "open.unreachable", expert.severity.WARN },
  { "open.rejected_by_client", expert.severity.WARN },
  { "retransmit", expert.severity.NOTE },
  { "syn.retransmit", expert.severity.NOTE },
  { "synack.retransmit", expert.severity.NOTE },
  { "fin.retransmit", expert.severity.NOTE },
  { "path.lost", expert.severity.WARN },
  { "flags.", expert.severity.WARN },
  { "data.after_fin", expert.severity.WARN },
  { "win.zero", expert.severity.WARN },
  { "icmp.error", expert.severity.WARN },
  { "open.", expert.severity.CHAT },
  { "close.", expert.severity.CHAT },
}
local experts = {
  [expert.severity.CHAT] = ProtoExpert.new("synfin.expert.chat", "synfin: a step",
    expert.group.SEQUENCE, expert.severity.CHAT),
  [expert.severity.NOTE] = ProtoExpert.new("synfin.expert.note", "synfin: worth a look",
    expert.group.SEQUENCE, expert.severity.NOTE),
  [expert.severity.WARN] = ProtoExpert.new("synfin.expert.warn", "synfin: trouble",
    expert.group.SEQUENCE, expert.severity.WARN),
}
local all_experts = {}
for _, each in pairs(experts) do table.insert(all_experts, each) end
proto.experts = all_experts

local severity_of = {}
local function severity(note)
  local known = severity_of[note]
  if known == nil then
    known = false
    for _, rule in ipairs(trouble) do
      if note:sub(1, #rule[1]) == rule[1] then
        known = rule[2]
        break
      end
    end
    severity_of[note] = known
  end
  return known
end

local comments = Field.new("frame.comment")

-- The pairs of a comment; `text` reaches to the end of the line.
local function read(comment)
  local line, text = comment:match("^(.-) text=(.*)$")
  local pairs_of = { text = text }
  for key, value in (line or comment):gmatch("([%w_.]+)=(%S*)") do
    pairs_of[key] = value
  end
  return pairs_of
end

local function each(list, use)
  for word in (list or ""):gmatch("[^,]+") do use(word) end
end

local function split(standing)
  return standing:match("^(.-)([!?~]?)$")
end

local function number(tree, field, value)
  if value and tonumber(value) then tree:add(field, tonumber(value)) end
end

local function add_end(tree, role, said)
  local standing = said[role]
  if not standing then return end
  local field = ends[role]
  local state, basis = split(standing)
  local branch = tree:add(field.state, state)
  branch:append_text(" (" .. (bases[basis] or "?") .. ")")
  branch:add(field.basis, bases[basis] or "")
  local before = said[role .. ".before"]
  branch:add(field.moved, before ~= nil)
  if before then
    local old, old_basis = split(before)
    branch:add(field.before, old)
    branch:add(field.before_basis, bases[old_basis] or "")
  end
  each(said[role .. ".facts"], function(fact) branch:add(field.fact, fact) end)
end

function proto.dissector(buffer, pinfo, root)
  for _, found in ipairs({ comments() }) do
    local comment = found.value
    if comment:sub(1, 8) == "synfin: " then
      local said = read(comment:sub(9))
      local tree = root:add(proto)
      if said.text then tree:append_text(", " .. said.text) end
      number(tree, f.conn, said.conn)
      number(tree, f.step, said.step)
      each(said.close_step, function(step) number(tree, f.close_step, step) end)
      each(said.notes, function(note)
        local item = tree:add(f.note, note)
        local weight = severity(note)
        if weight and proto.prefs.expert then
          item:add_proto_expert_info(experts[weight], note .. (said.text and ": " .. said.text or ""))
        end
      end)
      number(tree, f.nth, said.nth)
      number(tree, f.about, said.about)
      if said.from then tree:add(f.from, said.from) end
      add_end(tree, "client", said)
      add_end(tree, "server", said)
      if said.skip then tree:add(f.skip, said.skip) end
      if said.text then tree:add(f.text, said.text) end
      if proto.prefs.info and said.client then
        local front = said.notes and said.notes .. " " or ""
        pinfo.cols.info:prepend("[" .. front .. said.client .. " " .. said.server .. "] ")
      end
    end
  end
end

register_postdissector(proto)
