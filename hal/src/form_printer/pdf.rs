//! A document as PDF: one picture a page.

use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};
use zeroize::Zeroizing;

use super::document::{Document, HEIGHT, WIDTH};

/// A4 in points.
const PAPER: (f32, f32) = (595.276, 841.89);

/// How hard is packed: most of a page is white, which the lowest levels pack as well.
const LEVEL: u8 = 3;

/// The document as a PDF file. It names neither author nor title nor time.
pub(super) fn encode(document: &Document) -> Zeroizing<Vec<u8>> {
    let mut pdf = Pdf::new();
    let (catalog, tree) = (Ref::new(1), Ref::new(2));
    // Page, its content and its picture take a number each.
    let page_at = |index: usize| Ref::new(3 + 3 * index as i32);
    let count = document.pages().len();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree)
        .kids((0..count).map(page_at))
        .count(count as i32);
    let picture_name = Name(b"P");
    for (index, bitmap) in document.pages().iter().enumerate() {
        let page_ref = page_at(index);
        let content_ref = Ref::new(page_ref.get() + 1);
        let picture_ref = Ref::new(page_ref.get() + 2);
        let mut page = pdf.page(page_ref);
        page.media_box(Rect::new(0.0, 0.0, PAPER.0, PAPER.1));
        page.parent(tree);
        page.contents(content_ref);
        page.resources().x_objects().pair(picture_name, picture_ref);
        page.finish();

        let mut content = Content::new();
        content.save_state();
        content.transform([PAPER.0, 0.0, 0.0, PAPER.1, 0.0, 0.0]);
        content.x_object(picture_name);
        content.restore_state();
        pdf.stream(content_ref, &content.finish());

        let packed = Zeroizing::new(miniz_oxide::deflate::compress_to_vec_zlib(
            bitmap.rows(),
            LEVEL,
        ));
        let mut picture = pdf.image_xobject(picture_ref, &packed);
        picture.filter(Filter::FlateDecode);
        picture.width(WIDTH as i32);
        picture.height(HEIGHT as i32);
        picture.color_space().device_gray();
        picture.bits_per_component(1);
        // 1 is black here, white in PDF.
        picture.decode([1.0, 0.0]);
        picture.finish();
    }
    Zeroizing::new(pdf.finish())
}
