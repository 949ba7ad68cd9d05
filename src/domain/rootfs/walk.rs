//! Every name of the tree, in an order that depends on nothing but the names.

use std::collections::btree_map;

use super::node::Node;
use super::resolve::push;
use super::tree::{Name, Tree};

/// An iterator over paths and nodes: parents before children, siblings in order of their bytes. See [`Tree::walk`].
#[derive(Debug)]
pub struct Walk<'tree> {
    tree: &'tree Tree,
    root: Option<&'tree Name>,
    open: Vec<Open<'tree>>,
    path: Vec<u8>,
}

/// A directory on the way: the length of its path, and its names still to come.
#[derive(Debug)]
struct Open<'tree> {
    length: usize,
    names: btree_map::Iter<'tree, Box<[u8]>, Name>,
}

impl<'tree> Walk<'tree> {
    pub(super) fn new(tree: &'tree Tree) -> Self {
        Self { tree, root: Some(&tree.root), open: Vec::new(), path: Vec::new() }
    }

    fn visit(&mut self, name: &'tree Name) -> (Vec<u8>, Node<'tree>) {
        if self.tree.is_directory(name.ino) {
            self.open.push(Open { length: self.path.len(), names: self.tree.inode(name.ino).names.iter() });
        }
        (self.path.clone(), self.tree.node(name))
    }
}

impl<'tree> Iterator for Walk<'tree> {
    type Item = (Vec<u8>, Node<'tree>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(root) = self.root.take() {
            return Some(self.visit(root));
        }
        loop {
            let open = self.open.last_mut()?;
            match open.names.next() {
                Some((bytes, name)) => {
                    self.path.truncate(open.length);
                    push(&mut self.path, bytes);
                    return Some(self.visit(name));
                }
                None => {
                    self.open.pop();
                }
            }
        }
    }
}
