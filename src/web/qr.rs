//! Addresses as pictures that a telephone reads (QR codes, ISO/IEC 18004).

use qrcode::{EcLevel, QrCode, render::svg, types::QrError};

/// `text` as an SVG document, at least so many points wide.
///
/// # Errors
/// When the text is too long for one.
pub fn picture(text: &str, width: u32) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(width, width).build())
}
