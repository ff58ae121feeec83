"""The exercises of chapter 1: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab import shapes
from cnnlab.exercises import ch01
from cnnlab.nn import functional as F


def plain(text):
    return " ".join(str(text).split())


# -- 1. output_size


@pytest.mark.parametrize("case", ch01._size_cases()[::50])
def test_the_counted_positions_are_those_of_the_library(case):
    size, kernel_size, stride, padding, dilation = case
    expected = shapes.output_size(size, kernel_size, stride, padding, dilation)
    assert ch01._counted_positions(*case) == expected


def test_output_size_is_tried_on_2000_different_cases_in_which_the_window_fits():
    cases = ch01._size_cases()
    assert len(set(cases)) == 2000
    assert min(ch01._counted_positions(*case) for case in cases) == 1


def test_the_first_cases_of_output_size_have_neither_stride_nor_padding_nor_dilation():
    assert {case[2:] for case in ch01._size_cases()[:10]} == {(1, 0, 1)}


def test_a_size_that_is_one_too_large_once_in_2000_cases_is_found():
    odd_one = ch01._size_cases()[1500]

    def my_output_size(size, kernel_size, stride, padding, dilation):
        case = (size, kernel_size, stride, padding, dilation)
        return ch01._my_output_size(*case) + (case == odd_one)

    needed = ch01._my_output_size(*odd_one)
    reply = plain(ch01.output_size.check(my_output_size))
    assert f"my_output_size{odd_one} came out {needed + 1} needed {needed}" in reply


def test_the_formula_without_padding_and_dilation_gets_its_sentence():
    def my_output_size(size, kernel_size, stride, padding, dilation):
        return (size - kernel_size) // stride + 1

    reply = plain(ch01.output_size.check(my_output_size))
    assert "right without padding and for a dilation of 1" in reply


# -- 2. conv2d


@pytest.mark.parametrize("case", ch01._conv_cases()[::11])
def test_conv2d_needs_what_the_library_returns(case):
    x, weight = case
    expected = F.conv2d(x[np.newaxis], weight)[0]
    np.testing.assert_allclose(ch01._my_conv2d(x, weight), expected, rtol=1e-12)


def test_the_first_case_of_conv2d_has_one_channel_and_one_kernel():
    x, weight = ch01._conv_cases()[0]
    assert x.shape == (1, 1, 2)
    assert weight.shape == (1, 1, 1, 2)


def test_conv2d_accepts_an_answer_without_loops():
    def my_conv2d(x, weight):
        windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(1, 2))
        return np.einsum("cijab,ocab->oij", windows, weight)

    assert ch01.conv2d.check(my_conv2d).passed


@pytest.mark.parametrize(
    ("spare", "told"), [("kW", "counted by H − kW + 1"), ("kH", "as many columns as rows")]
)
def test_a_convolution_that_takes_the_height_for_the_width_gets_its_sentence(spare, told):
    def my_conv2d(x, weight):
        C_out, _, kH, kW = weight.shape
        H = x.shape[1]
        columns = H - (kW if spare == "kW" else kH) + 1
        y = np.zeros((C_out, H - kH + 1, columns))
        for o in range(C_out):
            for i in range(H - kH + 1):
                for j in range(columns):
                    y[o, i, j] = np.sum(x[:, i : i + kH, j : j + kW] * weight[o])
        return y

    assert told in plain(ch01.conv2d.check(my_conv2d))


def test_a_convolution_with_its_channels_last_gets_its_sentence():
    reply = plain(ch01.conv2d.check(lambda x, weight: ch01.correlate(x, weight).transpose(1, 2, 0)))
    assert "with the output channels on the last axis" in reply


def test_a_wrong_convolution_is_shown_with_numbers_that_can_be_pasted():
    reply = repr(ch01.conv2d.check(lambda x, weight: ch01._my_conv2d(x, -weight)))
    assert "f(np.array([[[" in reply
    assert "needed    np.array([[[" in reply


# -- 3. black_images


def test_the_table_of_black_images_is_what_the_network_computes():
    for name, image in ch01.IMAGES.items():
        kernel = ch01.KERNEL[np.newaxis, np.newaxis].astype(float)
        response = F.relu(F.conv2d(image[np.newaxis, np.newaxis], kernel))
        assert ch01._black()[name] == (response.max() == 0)


def test_no_image_is_black_to_begin_with():
    assert all(image.shape == (8, 8) and image.max() > 0 for image in ch01.IMAGES.values())


def test_the_reply_does_not_say_which_image_is_wrong_unless_it_knows_why():
    answer = ch01._black() | {"fence": False, "ramp": True}
    reply = plain(ch01.black_images.check(answer))
    assert "4 of 6 are right. fence: It is right that a fence" in reply
    assert "ramp:" not in reply


def test_truth_values_of_numpy_are_accepted():
    answer = {name: np.bool_(black) for name, black in ch01._black().items()}
    assert ch01.black_images.check(answer).passed


# -- 4. as_matrix


@pytest.mark.parametrize("case", ch01._matrix_cases()[::9])
def test_the_matrix_of_the_solution_is_that_of_the_units(case):
    np.testing.assert_array_equal(ch01._my_matrix(*case), ch01._matrix_by_units(*case))


@pytest.mark.parametrize("case", ch01._matrix_cases()[::9])
def test_the_matrix_does_what_the_librarys_convolution_does(case):
    kernel, H, W = case
    x = np.random.default_rng(0).standard_normal((1, 1, H, W))
    expected = F.conv2d(x, kernel[np.newaxis, np.newaxis]).ravel()
    np.testing.assert_allclose(ch01._my_matrix(*case) @ x.ravel(), expected, atol=1e-12)


def test_as_matrix_accepts_an_answer_with_four_loops():
    def my_matrix(kernel, H, W):
        kH, kW = kernel.shape
        M = np.zeros(((H - kH + 1) * (W - kW + 1), H * W))
        for i, j, a, b in np.ndindex(H - kH + 1, W - kW + 1, kH, kW):
            M[i * (W - kW + 1) + j, (i + a) * W + j + b] = kernel[a, b]
        return M

    assert ch01.as_matrix.check(my_matrix).passed


# -- 5. one_layer


@pytest.mark.parametrize("case", ch01._kernel_cases()[::5])
def test_two_convolutions_of_the_library_are_one_with_the_combined_kernel(case):
    first, second = (kernel[np.newaxis, np.newaxis] for kernel in case)
    x = np.random.default_rng(0).standard_normal((1, 1, 9, 8))
    combined = ch01._my_kernel(*case)[np.newaxis, np.newaxis]
    expected = F.conv2d(F.conv2d(x, first), second)
    np.testing.assert_allclose(F.conv2d(x, combined), expected, atol=1e-12)


def test_one_layer_accepts_the_kernels_in_either_order():
    assert ch01.one_layer.check(lambda first, second: ch01._my_kernel(second, first)).passed


def test_kernels_of_different_shape_are_told_by_their_shapes():
    reply = plain(ch01.one_layer.check(lambda first, second: np.zeros((3, 4))))
    assert "The result has shape (3, 4), needed (3, 3)." in reply
