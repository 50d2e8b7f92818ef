//! Where a function's branch conditions and addresses come from: every value has the worst of the origins that it is computed from, along every
//! path, until no loop adds anything.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use wasmparser::{BlockType, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, ValidatorResources};

use super::decision::{Decides, Decision, Origin, Traced};

/// In the names of instructions on vectors.
const LANES: [&str; 4] = ["x16", "x8", "x4", "x2"];
/// What leaves a word a pointer, a length or the answer to a question, after the type in an instruction's name.
const SUMS: &str = "Add Sub Shl Eqz Eq Ne LtU LtS GtU GtS LeU LeS GeU GeS WrapI64 ExtendI32U";

type Locals = Vec<Origin>;

struct Frame {
    /// Where it begins, of a loop.
    repeats: Option<usize>,
    /// What its `else` begins with.
    otherwise: Option<Locals>,
    height: usize,
    results: usize,
    /// Locals and results where it ends, joined over the ways there; `None`: by no way so far.
    end: Option<(Locals, Vec<Origin>)>,
}

struct Flow<'n> {
    names: &'n BTreeMap<u32, &'n str>,
    locals: Locals,
    stack: Vec<Origin>,
    frames: Vec<Frame>,
    /// Frames that were begun where nothing gets to.
    dead: Option<usize>,
    /// Locals where loops begin, joined over all turns, by the loops' places.
    loops: BTreeMap<usize, Locals>,
    grown: bool,
    traced: Traced,
}

/// Follows a function's values.
pub(super) fn trace(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    names: &BTreeMap<u32, &str>,
) -> Result<Traced> {
    let mut validator = function.into_validator(FuncValidatorAllocations::default());
    validator.read_locals(&mut body.get_binary_reader())?;
    let locals = vec![Origin::Public; validator.len_locals() as usize];
    let mut reader = body.get_operators_reader()?;
    let mut instructions = Vec::new();
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        instructions.push((operator.clone(), operator.operator_arity(&validator)));
        validator.op(offset, &operator)?;
    }
    let mut loops = BTreeMap::new();
    loop {
        let mut flow = Flow::new(names, locals.clone(), loops);
        for (place, (operator, arity)) in instructions.iter().enumerate() {
            flow.step(operator, place, *arity).with_context(|| format!("{operator:?}, instruction {place}"))?;
        }
        if !flow.grown {
            return Ok(flow.traced);
        }
        loops = flow.loops;
    }
}

fn join(into: &mut Locals, from: &[Origin]) -> bool {
    let mut grown = false;
    for (into, from) in into.iter_mut().zip(from) {
        grown |= *from > *into;
        *into = (*into).max(*from);
    }
    grown
}

impl<'n> Flow<'n> {
    fn new(names: &'n BTreeMap<u32, &'n str>, locals: Locals, loops: BTreeMap<usize, Locals>) -> Self {
        let whole = Frame { repeats: None, otherwise: None, height: 0, results: 0, end: None };
        let (stack, frames) = (Vec::new(), vec![whole]);
        Self { names, locals, stack, frames, dead: None, loops, grown: false, traced: Traced::default() }
    }

    fn step(&mut self, operator: &Operator<'_>, place: usize, arity: Option<(u32, u32)>) -> Result<()> {
        if let Some(depth) = &mut self.dead {
            match operator {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => *depth += 1,
                Operator::End if *depth > 0 => *depth -= 1,
                Operator::End => self.end()?,
                Operator::Else if *depth == 0 => self.otherwise()?,
                _ => {}
            }
            return Ok(());
        }
        match operator {
            Operator::Block { blockty } => self.begin(*blockty, None, None)?,
            Operator::Loop { blockty } => {
                let entry = self.loops.entry(place).or_insert_with(|| self.locals.clone());
                self.grown |= join(entry, &self.locals);
                self.locals.clone_from(entry);
                self.begin(*blockty, Some(place), None)?;
            }
            Operator::If { blockty } => {
                self.decide(Decides::Branch, operator)?;
                let otherwise = self.locals.clone();
                self.begin(*blockty, None, Some(otherwise))?;
            }
            Operator::Else => self.otherwise()?,
            Operator::End => self.end()?,
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth)?;
                self.dead = Some(0);
            }
            Operator::BrIf { relative_depth } => {
                self.decide(Decides::Branch, operator)?;
                self.branch(*relative_depth)?;
            }
            Operator::BrTable { targets } => {
                self.decide(Decides::Branch, operator)?;
                for target in targets.targets() {
                    self.branch(target?)?;
                }
                self.branch(targets.default())?;
                self.dead = Some(0);
            }
            Operator::Return | Operator::Unreachable => self.dead = Some(0),
            Operator::Select | Operator::TypedSelect { .. } => {
                self.decide(Decides::Branch, operator)?;
                let (a, b) = (self.pop()?, self.pop()?);
                self.stack.push(a.max(b));
            }
            Operator::LocalGet { local_index } => self.stack.push(self.locals[*local_index as usize]),
            Operator::LocalSet { local_index } => self.locals[*local_index as usize] = self.pop()?,
            Operator::LocalTee { local_index } => {
                self.locals[*local_index as usize] = *self.stack.last().context("an operand")?;
            }
            _ => self.compute(operator, arity.context("an instruction of known arity")?)?,
        }
        Ok(())
    }

    /// An instruction that takes values and gives values.
    fn compute(&mut self, operator: &Operator<'_>, (takes, gives): (u32, u32)) -> Result<()> {
        let at = self.stack.len().checked_sub(takes as usize).context("operands")?;
        let operands = self.stack.split_off(at);
        let worst = operands.iter().copied().max().unwrap_or_default();
        let said = format!("{operator:?}");
        let name = said.split([' ', '{']).next().unwrap_or_default();
        let loads = name.contains("Load");
        match operator {
            Operator::Call { function_index } => {
                let name = self.names.get(function_index).copied().unwrap_or("a function without a name");
                self.traced.calls.insert(name.to_owned());
            }
            Operator::CallIndirect { .. } => _ = self.traced.calls.insert("what a table says".to_owned()),
            Operator::I8x16Swizzle => self.traced.swizzles += 1,
            _ => {}
        }
        let addresses = match name {
            "MemoryCopy" | "MemoryFill" | "CallIndirect" => &operands[..],
            _ if loads || name.contains("Store") => &operands[..1],
            _ => &[],
        };
        if let Some(origin) = addresses.iter().copied().max() {
            self.traced.decisions.push(Decision { decides: Decides::Address, origin, instruction: said.clone() });
        }
        let given = match name {
            "I32Load" | "I64Load" | "Call" | "CallIndirect" => Origin::Word,
            _ if name.starts_with('V') || LANES.iter().any(|lanes| name.contains(lanes)) => Origin::Vector,
            _ if loads => Origin::Byte,
            _ if worst == Origin::Word && !name.get(3..).is_some_and(|what| SUMS.split(' ').any(|sum| sum == what)) => {
                Origin::Part
            }
            _ => worst,
        };
        self.stack.extend((0..gives).map(|_| given));
        Ok(())
    }

    fn pop(&mut self) -> Result<Origin> {
        self.stack.pop().context("an operand")
    }

    fn decide(&mut self, decides: Decides, operator: &Operator<'_>) -> Result<()> {
        let origin = self.pop()?;
        self.traced.decisions.push(Decision { decides, origin, instruction: format!("{operator:?}") });
        Ok(())
    }

    fn begin(&mut self, kind: BlockType, repeats: Option<usize>, otherwise: Option<Locals>) -> Result<()> {
        let results = match kind {
            BlockType::Empty => 0,
            BlockType::Type(_) => 1,
            BlockType::FuncType(_) => bail!("a block with parameters"),
        };
        self.frames.push(Frame { repeats, otherwise, height: self.stack.len(), results, end: None });
        Ok(())
    }

    fn branch(&mut self, depth: u32) -> Result<()> {
        let at = self.frames.len().checked_sub(1 + depth as usize).context("a frame")?;
        let frame = &mut self.frames[at];
        if let Some(place) = frame.repeats {
            self.grown |= join(self.loops.get_mut(&place).context("a loop that was begun")?, &self.locals);
            return Ok(());
        }
        // The function's own results decide nothing more in it.
        let results = self.stack.split_at(self.stack.len().checked_sub(frame.results).context("results")?).1;
        match &mut frame.end {
            Some((locals, values)) => {
                join(locals, &self.locals);
                join(values, results);
            }
            None => frame.end = Some((self.locals.clone(), results.to_vec())),
        }
        Ok(())
    }

    fn otherwise(&mut self) -> Result<()> {
        if self.dead.take().is_none() {
            self.branch(0)?;
        }
        let frame = self.frames.last_mut().context("a frame")?;
        self.locals = frame.otherwise.take().context("an if")?;
        self.stack.truncate(frame.height);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.dead.take().is_none() {
            // A loop is left by its end.
            if let Some(frame) = self.frames.last_mut() {
                frame.repeats = None;
            }
            self.branch(0)?;
        }
        let mut frame = self.frames.pop().context("a frame")?;
        if let Some(otherwise) = frame.otherwise {
            match &mut frame.end {
                Some((locals, _)) => _ = join(locals, &otherwise),
                None => frame.end = Some((otherwise, Vec::new())),
            }
        }
        self.stack.truncate(frame.height);
        match frame.end {
            Some((locals, values)) => {
                self.locals = locals;
                self.stack.extend(values);
            }
            None => self.dead = Some(0),
        }
        Ok(())
    }
}
