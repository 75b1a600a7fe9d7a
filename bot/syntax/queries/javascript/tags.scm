; inherits: ecma
[(identifier) (shorthand_property_identifier)] @name_
(class_heritage (identifier) @reference)
(jsx_expression (identifier) @reference)
(jsx_opening_element name: (identifier) @reference)
(jsx_self_closing_element name: (identifier) @reference)
