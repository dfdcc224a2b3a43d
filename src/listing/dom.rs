//! The one place that builds a DOM, within a budget: html5ever takes quadratic time on deep trees, on formatting elements
//! left open, and on tags with many attributes.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName};
use scraper::node::Element;
use scraper::{ElementRef, Html, HtmlTreeSink, Node, Selector};

use crate::listing::budget::{Budget, Spent, Work};
use crate::listing::tags;
use crate::listing::tokenizer::{Token, Tokenizer, attributes};

/// Bytes fed between two looks at the budget. What one such piece can cost at most is bounded by the depth allowed: some
/// two hundred elements, each with as many clones as elements are open.
const PIECE_BYTES: usize = 1024;

/// Tells the nodes of a DOM apart.
pub type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// A DOM of the page.
///
/// # Errors
/// What the page cost too much of.
pub fn parse(html: &str, budget: &Budget<'_>) -> Result<Html, Spent> {
    let html = look_over(html, budget)?;
    let sink = CountingSink::new(budget);
    let mut parser = html5ever::parse_document(sink, html5ever::ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE_BYTES.min(rest.len())));
        parser.process(StrTendril::from(piece));
        budget.look_at_the_clock()?;
        rest = after;
    }
    let document = parser.finish();
    budget.left()?;
    Ok(document)
}

/// What the tokens tell before anything is built: most pages that cost too much end here. Answers with the page up to a tag
/// that never ends: the standard drops it too, but only after reading its attributes.
fn look_over<'h>(html: &'h str, budget: &Budget<'_>) -> Result<&'h str, Spent> {
    let mut depth = 0_usize;
    let mut tokens = Tokenizer::new(html);
    for token in tokens.by_ref() {
        let inside = match token {
            Token::Start { name, attributes } => {
                budget.charge(Work::Steps, 1)?;
                if !attributes.ends_with('/') && !closes_itself(name) {
                    depth += 1;
                }
                attributes
            }
            Token::End { inside, .. } => {
                budget.charge(Work::Steps, 1)?;
                depth = depth.saturating_sub(1);
                inside
            }
            Token::Text(_) | Token::Raw { .. } => continue,
        };
        budget.depth(depth)?;
        // An attribute takes two bytes at least, so most tags need not be looked into.
        let allowed = budget.attributes_allowed();
        if inside.len() > allowed / 4 {
            budget.attributes(attributes(inside).take(allowed + 1).count())?;
        }
    }
    Ok(tokens.walked())
}

fn closes_itself(name: &str) -> bool {
    [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "p",
        "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup",
    ]
    .iter()
    .any(|void| void.eq_ignore_ascii_case(name))
}

/// The first element that matches, searched within the budget.
///
/// # Errors
/// What ran out.
pub fn first<'d>(
    document: &'d Html,
    selector: &Selector,
    budget: &Budget<'_>,
) -> Result<Option<ElementRef<'d>>, Spent> {
    for element in document.root_element().descendent_elements() {
        // Matching looks at siblings and ancestors, so it is the clock that bounds selectors like `:nth-child`.
        budget.charge(Work::Steps, 1)?;
        budget.look_at_the_clock()?;
        if selector.matches(&element) {
            return Ok(Some(element));
        }
    }
    Ok(None)
}

/// Visible text of an element as one reads it: blocks stand apart, the pieces of a word do not, raised digits after an amount
/// are its cents. Counted before it is copied.
///
/// # Errors
/// What ran out.
pub fn text(element: ElementRef<'_>, budget: &Budget<'_>) -> Result<String, Spent> {
    let mut out = String::new();
    let (mut hidden, mut raised) = (0_u32, false);
    // Every node twice: when it begins, and when what stands below it has ended.
    let mut open = vec![(*element, true)];
    while let Some((node, begins)) = open.pop() {
        match node.value() {
            Node::Text(text) if hidden == 0 => {
                budget.charge(Work::Bytes, text.len() as u64 + 1)?;
                let cents = text.trim();
                let is_cents = cents.len() == 2 && cents.bytes().all(|byte| byte.is_ascii_digit());
                if raised && is_cents && out.ends_with(|c: char| c.is_ascii_digit()) {
                    out.push('.');
                }
                out.push_str(text);
            }
            Node::Element(inner) => {
                budget.charge(Work::Steps, 1)?;
                let name = inner.name();
                if begins {
                    open.push((node, false));
                    open.extend(node.children().rev().map(|child| (child, true)));
                }
                if matches!(name, "script" | "style" | "template") {
                    hidden = if begins { hidden + 1 } else { hidden.saturating_sub(1) };
                } else if tags::is_block(tags::tag_of(name)) && node.id() != element.id() {
                    out.push(' ');
                } else if begins || matches!(name, "sup" | "small" | "span") {
                    raised = begins && is_raised(inner);
                }
            }
            Node::Text(_)
            | Node::Document
            | Node::Fragment
            | Node::Doctype(_)
            | Node::Comment(_)
            | Node::ProcessingInstruction(_) => {}
        }
    }
    Ok(out)
}

fn is_raised(element: &Element) -> bool {
    matches!(element.name(), "sup" | "small")
        || element.classes().any(|class| ["cents", "fraction", "decimals"].iter().any(|word| class.contains(word)))
}

/// A node with its place in the table of depths.
#[derive(Clone, Copy)]
struct Handle {
    node: NodeId,
    place: usize,
}

/// scraper's sink, counting. When the budget is spent the parser cannot be stopped from here, but what it still makes
/// until the end of the piece is made without attributes.
struct CountingSink<'b, 'a> {
    inner: HtmlTreeSink,
    budget: &'b Budget<'a>,
    depths: RefCell<Vec<usize>>,
    deepest: Cell<usize>,
}

impl<'b, 'a> CountingSink<'b, 'a> {
    fn new(budget: &'b Budget<'a>) -> Self {
        CountingSink {
            inner: HtmlTreeSink::new(Html::new_document()),
            budget,
            depths: RefCell::new(vec![0]),
            deepest: Cell::new(0),
        }
    }

    /// Counts; the loop that feeds the parser looks whether anything ran out.
    fn count(&self, work: Work, amount: u64) -> bool {
        self.budget.charge(work, amount).is_ok()
    }

    fn made(&self, node: NodeId) -> Handle {
        let mut depths = self.depths.borrow_mut();
        depths.push(0);
        Handle { node, place: depths.len() - 1 }
    }

    fn placed(&self, child: &Handle, depth: usize) {
        if let Some(held) = self.depths.borrow_mut().get_mut(child.place) {
            *held = depth;
        }
        self.deepest.set(self.deepest.get().max(depth));
        // Told by the budget when the next piece is fed.
        let _ = self.budget.depth(depth);
    }

    fn depth_of(&self, handle: &Handle) -> usize {
        self.depths.borrow().get(handle.place).copied().unwrap_or(0)
    }

    fn inner_of(child: NodeOrText<Handle>) -> NodeOrText<NodeId> {
        match child {
            NodeOrText::AppendNode(handle) => NodeOrText::AppendNode(handle.node),
            NodeOrText::AppendText(text) => NodeOrText::AppendText(text),
        }
    }
}

impl TreeSink for CountingSink<'_, '_> {
    type Handle = Handle;
    type Output = Html;
    type ElemName<'n>
        = <HtmlTreeSink as TreeSink>::ElemName<'n>
    where
        Self: 'n;

    fn finish(self) -> Html {
        self.inner.finish()
    }

    /// Nobody reads them, and a broken page has one for every few bytes.
    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { node: self.inner.get_document(), place: 0 }
    }

    /// The parser asks for names whenever it searches the open elements, so this counts its loops.
    fn elem_name<'n>(&'n self, target: &'n Handle) -> Self::ElemName<'n> {
        self.count(Work::Steps, 1);
        self.inner.elem_name(&target.node)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let attributes = attrs.len() as u64;
        // A formatting element is compared, attribute by attribute, with those that are open.
        let compared = attributes * (self.deepest.get() as u64 / 4 + 1);
        let granted = self.count(Work::Nodes, 1 + attributes / 8) && self.count(Work::Steps, compared);
        let attrs = if granted { attrs } else { Vec::new() };
        self.made(self.inner.create_element(name, attrs, flags))
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        self.count(Work::Nodes, 1);
        self.made(self.inner.create_comment(text))
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Handle {
        self.count(Work::Nodes, 1);
        self.made(self.inner.create_pi(target, data))
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(node) = &child {
            self.placed(node, self.depth_of(parent) + 1);
        }
        self.inner.append(&parent.node, Self::inner_of(child));
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(node) = &child {
            self.placed(node, self.depth_of(element).max(self.depth_of(previous) + 1));
        }
        self.inner.append_based_on_parent_node(&element.node, &previous.node, Self::inner_of(child));
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.inner.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        Handle { node: self.inner.get_template_contents(&target.node), place: target.place }
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        self.inner.same_node(&x.node, &y.node)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(node) = &child {
            self.placed(node, self.depth_of(sibling));
        }
        self.inner.append_before_sibling(&sibling.node, Self::inner_of(child));
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        if self.count(Work::Nodes, 1 + attrs.len() as u64 / 8) {
            self.inner.add_attrs_if_missing(&target.node, attrs);
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.inner.remove_from_parent(&target.node);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.inner.reparent_children(&node.node, &new_parent.node);
    }
}
